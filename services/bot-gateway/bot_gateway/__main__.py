"""`python -m bot_gateway`."""

from shared.settings import read_settings
from shared.web import serve

from bot_gateway.main import create_app
from bot_gateway.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    serve(create_app(settings), settings, "bot-gateway")
