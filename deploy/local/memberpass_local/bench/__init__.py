"""How fast the two hot paths are, each beside a floor measured in the same run. `make bench`; it passes no verdict."""
