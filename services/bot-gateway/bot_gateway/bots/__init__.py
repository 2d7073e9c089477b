"""Which bots there are, and listening to them."""
