"""Exact answers and small stand-ins that the tests compare the core with."""
