"""`python -m billing_api`."""

from shared.web import serve

from billing_api.main import create_app
from billing_api.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings, "billing-api")
