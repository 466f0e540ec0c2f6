"""Training a denoiser."""
