"""What all tests share: one thread for torch, and Hypothesis that draws the same each time."""

import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("diffviz", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("diffviz")
