"""The lesson: its sections as files, and the experiments beside them."""
