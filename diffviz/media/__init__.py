"""What samples are, and how they are read, shown and written. Nothing is imported here: processes
that decode pictures start with no more than that."""
