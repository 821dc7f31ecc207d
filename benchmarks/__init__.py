"""Figures about speed and memory, side by side with what a user would use instead. `make bench` runs them."""
