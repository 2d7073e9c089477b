"""What due work costs when many cycles turn in the same hour."""
