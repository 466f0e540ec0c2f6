"""Denoisers: (x, alpha, sigma, condition) → the best guess of the sample and of its noise."""
