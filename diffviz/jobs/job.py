"""A job of the background worker: what the store keeps of it, and the states it goes through."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

QUEUED, RUNNING, PAUSED = "queued", "running", "paused"
STOPPED, FINISHED, FAILED = "stopped", "finished", "failed"
STATES = (QUEUED, RUNNING, PAUSED, STOPPED, FINISHED, FAILED)
ACTIONS = ("pause", "resume", "stop", "delete")
# The state in which a running job obeys; a deleted one is gone soon after.
MOST_LETTERS = 60  # of a name
OBEYED = {"pause": PAUSED, "stop": STOPPED, "delete": STOPPED}


@dataclass(frozen=True)
class Job:
    """plan: what is asked for, of the class of its kind. wish: what its owner has asked of it while
    it runs, "" for nothing. message: why it failed. images, seconds, fraction, speed: progress as
    the process that works on it last wrote it. saved: pictures seen at its last checkpoint. deaths:
    how often that process was killed since then. name: what its owner calls it, if anything."""

    id: str
    owner: str
    plan: Any
    state: str
    wish: str
    message: str
    queued: float
    changed: float
    images: int
    seconds: float
    fraction: float
    speed: float
    saved: int
    deaths: int
    name: str


@dataclass(frozen=True)
class Point:
    """One point of the curves: means over the steps since the point before it."""

    images: int
    loss: float
    losses: tuple[float, ...]


def wanted(action: str, state: str) -> tuple[str, str]:
    """(wish, state) of a job in that state after the owner's action."""
    if state == RUNNING:
        return ("" if action == "resume" else action), RUNNING
    if action == "delete":
        return "", state
    if action == "pause" and state == QUEUED:
        return "", PAUSED
    if action == "stop" and state in (QUEUED, PAUSED):
        return "", STOPPED
    if action == "resume" and state in (PAUSED, STOPPED, FAILED, FINISHED):
        return "", QUEUED
    raise ValueError(f"a {state} training cannot be asked to {action}")


def tidied(name: str) -> str:
    """A job's name in one line; raises ValueError, in a sentence, for a long one."""
    tidy = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    if len(tidy) > MOST_LETTERS:
        raise ValueError(f"a name has at most {MOST_LETTERS} letters, not {len(tidy)}")
    return tidy


def digest(token: str) -> str:
    """What is kept of an owner's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_id() -> str:
    """A name that cannot be guessed: who knows it may watch."""
    return secrets.token_hex(8)
