"""What a kind of job is to the queue, to the process that works, and to who watches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from diffviz.jobs.job import Job
from diffviz.jobs.work import Ended, Work
from diffviz.training.needs import Needs

if TYPE_CHECKING:
    from diffviz.jobs.store import JobStore

P = TypeVar("P")


class Kind(ABC, Generic[P]):
    """plan: the class of what is asked for. Its `check` raises ValueError, in a sentence. beside:
    the kind among whose jobs it is shown, where that is another."""

    name: str
    beside: str = ""
    plan: type[P]

    @abstractmethod
    def fields(self, plan: P) -> Mapping[str, Any]:
        """The plan as JSON knows it."""

    @abstractmethod
    def read(self, fields: dict[str, Any]) -> P:
        """The plan from its fields."""

    @abstractmethod
    def title(self, plan: P) -> str:
        """What it is, in a few words."""

    @abstractmethod
    def hours(self, plan: P) -> float:
        """What it takes at most, or about."""

    @abstractmethod
    def needs(self, plan: P) -> Needs:
        """Of a plan that was checked."""

    def longer(self, plan: P) -> P:
        """The plan with which a finished job goes on; raises ValueError where it cannot."""
        raise ValueError(f"a {self.name} that has finished does not go on")

    def denoiser(self, plan: P) -> str:
        """The name of the denoiser that it leaves; "" where it leaves none."""
        return ""

    @abstractmethod
    def told(self, job: Job, folder: Path) -> dict[str, Any]:
        """What who watches must know, beyond what there is to be said of every job."""

    @abstractmethod
    def work(self, store: JobStore, job: Job, ended: Ended, device: torch.device) -> Work:
        """A sitting of it."""
