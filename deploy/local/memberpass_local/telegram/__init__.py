"""The sandbox Telegram: one process that is Telegram for the local stack and the tests.

It has three sides:

- bots talk to it over the Bot API (`bot_api/`): `/bot{token}/{method}`, polling or webhooks, as strict as the real one;
- people and tests talk to it over `/sandbox/...` (`people/`): make a bot, write to it, press its buttons, read the chat;
- `GET /` is a chat page for a browser (`page/`).

What happened lives in memory (`world.py`) and, with `--state DIR`, in an append-only journal that is replayed at the next
start, so that a SIGKILL loses nothing that was answered. It exists only in the local stack: tokens stand in the journal in
the clear.
"""
