"""Tests that run side by side do not disturb those that measure."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

from tests.conftest import locked
from tests.waiting import eventually


def test_who_measures_is_alone_and_does_not_wait_for_ever(tmp_path: Path) -> None:
    within, gate, seen = tmp_path / "within", tmp_path / "gate", []
    first, second = threading.Event(), threading.Event()

    def run(name: str, kind: int, end: threading.Event | None = None) -> threading.Thread:
        def test() -> None:
            with locked(within, kind, gate):
                seen.append(f"{name} begins")
                if end:
                    end.wait(30)
                seen.append(f"{name} ends")

        thread = threading.Thread(target=test)
        thread.start()
        return thread

    def waits_at_the_gate() -> bool:
        with gate.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    threads = [run("one", fcntl.LOCK_SH, first), run("other", fcntl.LOCK_SH, second)]
    eventually(lambda: len(seen) == 2)  # side by side
    threads.append(run("measuring", fcntl.LOCK_EX))
    eventually(waits_at_the_gate)
    threads.append(run("late", fcntl.LOCK_SH))
    first.set()
    eventually(lambda: "one ends" in seen)
    assert "measuring begins" not in seen
    second.set()
    for thread in threads:
        thread.join(30)
    assert seen[-4:] == ["measuring begins", "measuring ends", "late begins", "late ends"]
