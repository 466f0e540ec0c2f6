"""What is granted to a training: one function decides, when it starts, goes on, is started again
with the server, and on the command line."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from diffviz.config import Config
from diffviz.jobs.job import FINISHED, PAUSED, QUEUED, RUNNING, Job
from diffviz.jobs.kinds import kind_of
from diffviz.training.needs import Needs

OPEN = (QUEUED, RUNNING, PAUSED)


@dataclass(frozen=True)
class Grants:
    """hours, memory: of one training. open: of one owner, that run, wait or pause; open_there: of
    one address, whose owners can be made up anew. queue: that may wait. disk, disk_each: of all,
    and of one owner or address. Memory and disk in MB."""

    hours: float = math.inf
    memory: float = math.inf
    open: float = math.inf
    open_there: float = math.inf
    queue: float = math.inf
    disk: float = math.inf
    disk_each: float = math.inf

    @classmethod
    def of(cls, settings: Config) -> Grants:
        return cls(
            settings.training_hours,
            settings.training_mb,
            settings.training_each,
            max(settings.training_each, int(settings.share_of_one * settings.training_queue)),
            settings.training_queue,
            settings.trainings_mb,
            settings.trainings_each_mb,
        )


def check_granted(
    plan: Any,
    grants: Grants,
    jobs: Sequence[Job] = (),
    owner: str = "",
    beside: Collection[str] = (),
    needed: Needs | None = None,
) -> None:
    """Raises ValueError, in a sentence, for a training that goes beyond what is granted.

    jobs: all that there are but this one. owner: its owner's digest. beside: the
    ids of those from the same address. needed: where it is known
    better than the plan tells.
    """
    kind = kind_of(plan)
    if kind.hours(plan) > grants.hours:
        raise ValueError(f"a training may take {grants.hours * 60:g} minutes here, not more")
    needed = needed or kind.needs(plan)
    if needed.memory > grants.memory:
        raise ValueError(
            f"this training would take about {needed.memory:,.0f} MB of memory, and there are "
            f"{grants.memory:,.0f} MB for it: choose fewer channels or a smaller batch"
        )
    own = [job for job in jobs if job.owner == owner]
    if (count := sum(job.state in OPEN for job in own)) >= grants.open:
        raise ValueError(
            f"you have {count} trainings that run, wait or pause; stop or delete one first"
        )
    there = [job for job in jobs if job.owner == owner or job.id in beside]
    if (count := sum(job.state in OPEN for job in there)) >= grants.open_there:
        raise ValueError(
            f"{count} trainings from your address run, wait or pause; please try again later"
        )
    if sum(job.state == QUEUED for job in jobs) >= grants.queue:
        raise ValueError("the queue of trainings is full; please try again later")
    if needed.disk + sum(map(_disk, there)) > grants.disk_each:
        raise ValueError(
            f"your trainings may take {grants.disk_each:,.0f} MB of disk, and this one would need "
            f"{needed.disk:,.0f} MB: delete one first, or choose fewer channels"
        )
    if needed.disk + sum(map(_disk, jobs)) > grants.disk:
        raise ValueError("there is no room for another training just now; please try again later")


def _disk(job: Job) -> float:
    """The most that it takes of the disk, in MB."""
    try:
        needed = kind_of(job.plan).needs(job.plan)
    except (ValueError, KeyError):  # of a data set or denoiser that is gone: it cannot go on
        return 0
    return needed.finished if job.state == FINISHED else needed.disk
