"""What stands between the network and the page: plain ASGI, which knows nothing of diffusion."""
