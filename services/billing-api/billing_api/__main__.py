"""`python -m billing_api`."""

from shared.settings import read_settings
from shared.web import serve

from billing_api.main import create_app
from billing_api.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    serve(create_app(settings), settings, "billing-api")
