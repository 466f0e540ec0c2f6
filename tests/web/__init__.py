"""What strangers send, through the running server."""
