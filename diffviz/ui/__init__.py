"""The web page: one file a tab, and the server that carries them."""
