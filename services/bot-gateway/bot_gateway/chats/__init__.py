"""A project's private chats: may we, letting members in, seeing them out."""
