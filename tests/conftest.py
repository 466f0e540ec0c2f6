"""What all tests share: one thread for torch, and Hypothesis that draws the same each time."""

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("diffviz", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("diffviz")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: they are the slow ones, and leave an event loop running in this
    thread, beside which no other can be started."""
    items.sort(key=lambda item: "e2e" in item.path.parts)
