"""Measuring: how good samples are, whether they are copies, how fast all of it runs."""
