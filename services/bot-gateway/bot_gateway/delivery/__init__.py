"""Bringing things to a creator's chat: batches of codes, and notices."""
