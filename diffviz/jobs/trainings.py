"""The trainings of this app: the jobs' store, who may do what with it, and how it is told."""

from __future__ import annotations

import math
import shutil
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cachetools import TTLCache

from diffviz.checkpoints import Card, Checkpoint, load_checkpoint
from diffviz.config import Config
from diffviz.data import DataChoice
from diffviz.data.own.pictures import pack
from diffviz.data.own.uploads import LoadSquares
from diffviz.jobs.grants import Grants, check_granted
from diffviz.jobs.job import (
    FAILED,
    FINISHED,
    PAUSED,
    QUEUED,
    RUNNING,
    STATES,
    STOPPED,
    Job,
    digest,
    new_id,
)
from diffviz.jobs.kinds import kind_of, longer
from diffviz.jobs.kinds.training import TRAINING, card_in
from diffviz.jobs.kinds.uploaded import take
from diffviz.jobs.store import JobStore
from diffviz.jobs.supervisor import Supervisor
from diffviz.jobs.work import SHEETS
from diffviz.media.decoding import load_squares
from diffviz.training.plan import OWN, Plan
from diffviz.web.clients import neighbourhood
from diffviz.web.limits import Buckets
from diffviz.web.names import check, whole_number

MakeOnce = Callable[[str, str, Callable[[Path], None]], Path]
FRESH_SECONDS = 0.5  # an answer may be as old as this, so that many watchers cost as one
POLL_SECONDS = (1.0, 6.0)  # between polls: with few watchers, and at most
POLLS = 25  # a second, from all watchers together
MOST_ANSWERS = 500
READERS = 4  # whose pictures are read at once
NOTHING_YET = "this training has not learned anything yet"
BEGUN_SECONDS = 600.0  # in which one address may begin `rate_trainings`


class Trainings:
    """load: opens a visitor's pictures. Methods raise ValueError, in a sentence, for what a visitor
    cannot have."""

    def __init__(self, settings: Config, load: LoadSquares = load_squares) -> None:
        self.settings = settings
        self.load = load
        self.store = JobStore(settings.trainings)
        self.supervisor = Supervisor(
            self.store,
            settings.training_jobs,
            settings.training_threads,
            settings.device,
            Grants(settings.training_hours, settings.training_mb),
            settings.training_nice,
        )
        self._beginning = threading.Lock()
        self._readers: set[str] = set()
        self._addresses: dict[str, str] = {}  # by job, of those begun since the app started
        self._begun = Buckets(settings.rate_trainings, BEGUN_SECONDS)
        self._answers: TTLCache[tuple[str, int], dict[str, Any]] = TTLCache(
            MOST_ANSWERS, FRESH_SECONDS
        )
        self._answering = threading.Lock()
        self._rate, self._asked, self._pause = 0.0, 0.0, POLL_SECONDS[0]

    def begin(
        self,
        plan: Any,
        token: str,
        files: Sequence[str] = (),
        size: int = 28,
        channels: int = 1,
        client: str = "",
        across: int = 1,
        down: int = 1,
    ) -> tuple[Job, str]:
        """Put a training into the queue; returns it, and what is to be said of the uploads, of
        which size, channels, across and down are as in `pack`.

        client: the address of who asks, "" for the machine itself. A token can be made up anew.
        """
        check("owner", token)
        self._tidy()
        plan.check()
        address = neighbourhood(client) if client else ""
        with self._beginning:
            self._check_granted(plan, digest(token), address)
            if client and (wait := self._begun.take(address)):
                minutes = math.ceil(wait / 60)
                raise ValueError(
                    f"many trainings were begun from your address; try again in {minutes} min"
                )
        job, said = new_id(), ""
        if isinstance(plan, Plan) and plan.data.name == OWN:
            path = self.store.folder(job) / "pictures.safetensors"
            with self._reading(address or token):
                paths = [Path(file) for file in files]
                said = pack(
                    paths, size, channels, path, load=self.load, across=across, down=down
                ).sentence
            plan = replace(plan, data=replace(plan.data, path=str(path.resolve())))
        return self._added(plan, token, job, address), said

    def _added(self, plan: Any, token: str, job: str, address: str) -> Job:
        """The job, of whose folder nothing stays where it is not granted: others may have begun
        since it was checked first."""
        with self._beginning:
            try:
                self._check_granted(plan, digest(token), address)
                added = self.store.add(plan, token, job)
                self._addresses[job] = address
                return added
            except BaseException:
                shutil.rmtree(self.store.folder(job), ignore_errors=True)
                raise

    @contextmanager
    def _reading(self, visitor: str) -> Iterator[None]:
        """While a visitor's pictures are read: one lot of each, and a few in all."""
        with self._beginning:
            if visitor in self._readers:
                raise ValueError("pictures of yours are being read already; wait for their end")
            if len(self._readers) >= READERS:
                raise ValueError("others' pictures are being read; please try again in a minute")
            self._readers.add(visitor)
        try:
            yield
        finally:
            with self._beginning:
                self._readers.remove(visitor)

    def _tidy(self) -> None:
        """Delete what nobody has touched for long."""
        oldest = time.time() - 86_400 * self.settings.training_days
        for job in self.store.in_state(PAUSED, STOPPED, FINISHED, FAILED):
            if job.changed < oldest:
                self.store.remove(job.id)

    def _check_granted(self, plan: Any, owner: str, address: str, job: str = "") -> None:
        """job: the one that asks to go on."""
        others = [other for other in self.store.in_state(*STATES) if other.id != job]
        there = {other.id: self._addresses.get(other.id, "") for other in others}
        self._addresses = {name: place for name, place in there.items() if place}
        beside = {name for name, place in self._addresses.items() if place == address}
        check_granted(plan, Grants.of(self.settings), others, owner, beside)

    def ask(self, job: str, token: str, action: str) -> dict[str, Any]:
        """Let an owner pause, resume, stop or delete; returns the new status, or {"gone": job}."""
        check("job", job)
        owner = digest(check("owner", token))
        with self._beginning:
            found = self.store.get(job)
            if action == "resume" and found.owner == owner and found.state not in (QUEUED, RUNNING):
                address = self._addresses.get(job, "")
                plan = longer(found.plan) if found.state == FINISHED else found.plan
                self._check_granted(plan, owner, address, job)
                self._addresses[job] = address
            left = self.store.ask(job, token, action)
        with self._answering:  # what was told before is no longer so
            self._answers.clear()
        return self.status(job) if left else {"gone": job}

    def rename(self, job: str, token: str, name: str) -> dict[str, Any]:
        """Let an owner call a training something else, "" for nothing; returns its status."""
        if not isinstance(name, str):
            raise ValueError("a name is a text")
        self.store.rename(check("job", job), check("owner", token), name)
        with self._answering:
            self._answers.clear()
        return self.status(job)

    def upload(self, path: Path, token: str, client: str = "") -> Job:
        """Take a denoiser as it was downloaded: a zip with the weights and the card."""
        check("owner", token)
        self._tidy()
        job = new_id()
        plan = take(path, self.store.folder(job))
        return self._added(plan, token, job, neighbourhood(client) if client else "")

    def owned(self, token: str, kind: str = TRAINING.name) -> list[dict[str, Any]]:
        """That owner's jobs of a kind in brief, the newest first."""
        briefs = map(self._brief, self.store.owned(check("owner", token)))
        return [brief for brief in briefs if brief["kind"] == kind]

    def status(self, job: str, since: float = 0) -> dict[str, Any]:
        """All that a page shows of a job; of the curves what came after point number `since`."""
        key = check("job", job), whole_number("since", since)
        with self._answering:
            answer = self._answers.get(key)
        if answer is None:
            answer = self._status(self.store.get(job), key[1])
            with self._answering:
                self._answers[key] = answer
        return answer

    def _status(self, job: Job, since: int) -> dict[str, Any]:
        newest, points = self.store.points(job.id, since)
        left = job.seconds * (1 - job.fraction) / job.fraction if job.fraction else None
        return {
            **self._brief(job),
            "wish": job.wish,
            "shared": self.settings.share_trainings,
            "message": job.message,
            "images": job.images,
            "seconds": round(job.seconds, 1),
            "speed": job.speed,
            "left": left if left is None else round(left),
            "saved": job.saved,
            "points": [[p.images, p.loss, *p.losses] for p in points],
            "newest": newest,
            "sheets": self.store.samples(job.id),
            **kind_of(job.plan).told(job, self.store.folder(job.id)),
        }

    def _brief(self, job: Job) -> dict[str, Any]:
        kind = kind_of(job.plan)
        name = kind.denoiser(job.plan)
        return {
            "id": job.id,
            "kind": kind.beside or kind.name,
            "title": job.name or kind.title(job.plan),
            "about": kind.title(job.plan),
            "state": job.state,
            "position": self.store.position(job),
            "fraction": round(job.fraction, 4),
            "usable": bool(name) and card_in(self.store.folder(job.id), name) is not None,
            "queued": round(job.queued),
        }

    def pause_between_polls(self) -> float:
        """Seconds after which a watcher should ask again, so that all of them together ask POLLS
        times a second at most."""
        now = time.monotonic()
        self._rate = self._rate * math.exp((self._asked - now) / 5) + 1 / 5
        self._asked = now
        shortest, longest = POLL_SECONDS
        self._pause = min(longest, max(shortest, self._rate * self._pause / POLLS))
        return round(self._pause, 2)

    def sheet(self, job: str, images: int) -> bytes:
        """The sheet drawn after so many pictures, gzipped."""
        try:
            name = str(whole_number("the number of pictures", images))
            return (self.store.folder(check("job", job)) / SHEETS / name).read_bytes()
        except FileNotFoundError as error:
            raise ValueError("there is no such sheet of samples") from error

    def data(self, job: str, token: str) -> DataChoice:
        """What a job learns from, for who may sample with it."""
        plan = self._shared(job, token).plan
        if not isinstance(plan, Plan):
            raise ValueError("this job makes no denoiser")
        return plan.data

    def _shared(self, job: str, token: str) -> Job:
        """A job, for its owner, or for all where the host allows it."""
        found = self.store.get(check("job", job))
        if not (self.settings.share_trainings or found.owner == digest(token)):
            raise ValueError("only the one who trained this denoiser can sample with it")
        return found

    def checkpoint(self, job: str, token: str) -> Checkpoint:
        """What a job has learned so far, for its owner, or for all where the host allows it."""
        name = self._denoiser(job, token)  # which sees to it that the job is one
        path = self.store.folder(job) / f"{name}.safetensors"
        try:
            return checkpoint_of(path, path.stat().st_mtime_ns)
        except FileNotFoundError as error:
            raise ValueError(NOTHING_YET) from error

    def card(self, job: str, token: str) -> Card:
        """Its card, without its weights; raises as above."""
        name = self._denoiser(job, token)
        card = card_in(self.store.folder(job), name)
        if card is None:
            raise ValueError(NOTHING_YET)
        return card

    def _denoiser(self, job: str, token: str) -> str:
        """What a job's files are called, for who may sample with it."""
        plan = self._shared(job, token).plan
        if not (name := kind_of(plan).denoiser(plan)):
            raise ValueError("this job makes no denoiser")
        return name

    def denoiser_file(self, job: str, token: str, once: MakeOnce) -> Path:
        """The path of a zip with the weights and the card, for who may sample with it. once(name,
        key, write): a file of that name, written for each key once."""
        card, folder = self.checkpoint(job, token).card, self.store.folder(job)
        files = [folder / f"{card.name}.{suffix}" for suffix in ("safetensors", "json")]

        def write(path: Path) -> None:
            with zipfile.ZipFile(path, "w") as archive:  # stored: weights do not get smaller
                for file in files:
                    archive.write(file, file.name)

        return once(f"{card.name}.zip", f"{job} {files[0].stat().st_mtime_ns}", write)


@lru_cache(4)
def checkpoint_of(path: Path, _changed: int) -> Checkpoint:
    return load_checkpoint(path.stem, path.parent)


def open_trainings(settings: Config, load: LoadSquares) -> Trainings | None:
    """None where training is switched off, or its folder unwritable."""
    if not settings.training:
        return None
    try:
        return Trainings(settings, load)
    except (OSError, sqlite3.Error) as error:
        print(f"no training: {settings.trainings} cannot be written ({error})", flush=True)
        return None


def running(trainings: Trainings | None) -> Trainings:
    """The same; raises ValueError where there are none."""
    if trainings is None:
        raise ValueError("training is switched off on this server")
    return trainings
