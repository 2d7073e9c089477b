"""What the public operations take and give."""
