"""Points in the plane: data of which everything can be seen at once."""
