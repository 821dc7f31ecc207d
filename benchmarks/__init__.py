"""Measurements of speed and memory, beside the tools that a user would use instead. `make bench` runs them."""
