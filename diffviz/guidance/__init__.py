"""Guidance: denoisers that wrap a denoiser, to steer it."""
