"""Text with its entities: markup in, visible text and Bot API `MessageEntity` offsets (UTF-16 code units) out."""
