"""Trainings in the background: their store, their processes, and who gives them their turn."""
