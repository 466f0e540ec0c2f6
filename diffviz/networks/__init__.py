"""Networks that denoisers are made of."""
