"""Diffusion and its rivals: autoencoder, VAE and GAN, raced on the same data, and translators."""
