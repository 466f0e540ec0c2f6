"""What all tests share: one thread for torch, Hypothesis that draws the same each time, and how
they run side by side, a file a worker's."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Threads that spin while they wait for one another take the cores of the tests beside them; what
# tests start has it from here. Read when PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("diffviz", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("diffviz")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: it measures, and no other test runs meanwhile")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: they leave an event loop running in this thread, beside which no
    other can be started. Of them the longest files come first, so that no worker is left with one
    while the others have nothing to do."""
    lengths = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[bool, int]:
        browser = "e2e" in item.path.parts
        return browser, -lengths[item.path] if browser else 0

    items.sort(key=place)


@pytest.fixture(scope="session")
def locks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers see."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where jobs' workers are forked."""
    from tests.forks import forked_workers  # which imports the app

    with forked_workers(tmp_path_factory.mktemp("forks")) as address:
        yield address


@pytest.fixture(autouse=True)
def _beside_others(request: pytest.FixtureRequest, locks: Path) -> Iterator[None]:
    """A test that is marked `alone` waits until no other runs, and the others wait for it."""
    alone = request.node.get_closest_marker("alone") is not None
    # Who waits to be alone holds the gate, or there would always be another one within.
    with locked(locks / "within", fcntl.LOCK_EX if alone else fcntl.LOCK_SH, gate=locks / "gate"):
        yield


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """What a command sets for itself is no longer so for the tests that come after it."""
    yield
    torch.set_num_threads(1)


@contextmanager
def locked(path: Path, kind: int, gate: Path) -> Iterator[None]:
    """Between processes: shared (fcntl.LOCK_SH) or exclusive (fcntl.LOCK_EX)."""
    with path.open("w") as file:
        with gate.open("w") as before:
            fcntl.flock(before, fcntl.LOCK_EX)
            fcntl.flock(file, kind)
        yield  # a file that is closed is unlocked
