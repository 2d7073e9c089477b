"""`python -m codes_api`."""

from shared.settings import read_settings
from shared.web import serve

from codes_api.main import create_app
from codes_api.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    serve(create_app(settings), settings, "codes-api")
