"""diffviz: see how a diffusion model works."""
