"""Heroes: 32 × 32 characters stacked from drawings, and the words for them."""
