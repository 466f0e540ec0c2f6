"""Runs: their settings, and what the page, the command line and the endpoints all start."""
