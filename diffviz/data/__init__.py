"""Data sets, and what the project ships of them."""
