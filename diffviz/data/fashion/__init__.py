"""Fashion-MNIST: 28 × 28 grey clothes of ten kinds, and what is measured and compared with them."""
