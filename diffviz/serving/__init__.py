"""One denoiser for all visitors: fair, bounded, cancellable, and batched."""
