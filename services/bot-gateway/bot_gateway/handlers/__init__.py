"""The conversation: one file a subject. Handlers ask codes-api and put its answer into words."""
