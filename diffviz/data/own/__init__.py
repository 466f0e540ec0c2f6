"""One's own pictures: read from strangers' files and zips, and packed for training."""
