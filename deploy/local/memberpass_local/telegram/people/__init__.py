"""The people's side, `/sandbox/...`: what a person does in their Telegram app, done by tests, the demo and the chat page."""
