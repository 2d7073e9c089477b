"""Pictures and PDFs: the thread they are drawn in, their font, how they are answered. Needs the extra `drawing`."""
