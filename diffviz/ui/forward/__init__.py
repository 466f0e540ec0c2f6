"""The Forward tab."""
