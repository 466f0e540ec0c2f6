"""The Edit tab."""
