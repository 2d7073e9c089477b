"""The HTTP face: Telegram's webhook, and what jobs and codes-api call."""
