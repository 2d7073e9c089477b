"""`python -m bot_gateway`."""

from shared.web import serve

from bot_gateway.main import create_app
from bot_gateway.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings, "bot-gateway")
