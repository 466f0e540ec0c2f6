"""The 2-D tab."""
