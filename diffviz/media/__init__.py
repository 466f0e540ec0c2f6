"""Media: what a sample is, how it is shown, and which files it makes."""
