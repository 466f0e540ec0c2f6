"""The store of training jobs: SQLite, shared by the app and the processes that train.

Each row is one job. The app adds rows and writes what owners ask for into `wish`; the process that
trains a job writes its progress and the state it ends in. Neither talks to the other in any other
way, so that either may die at any moment.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from diffviz.jobs.database import Database
from diffviz.jobs.job import (
    ACTIONS,
    FINISHED,
    OBEYED,
    QUEUED,
    RUNNING,
    Job,
    Point,
    digest,
    new_id,
    tidied,
    wanted,
)
from diffviz.jobs.kinds import longer, read_plan, write_plan


class JobStore:
    """The jobs in a folder: jobs.sqlite3, and for each job a folder with its files.

    Methods raise ValueError, in a sentence, for what cannot be done, and sqlite3.Error or OSError
    where the disk does not play along.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._database = Database(folder / "jobs.sqlite3")
        except (sqlite3.Error, OSError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OSError(f"trainings cannot be kept in the folder {folder}: {reason}") from error
        self.root = folder
        self._rows, self._change = self._database.rows, self._database.change

    def close(self) -> None:
        self._database.close()

    def folder(self, job: str) -> Path:
        """Where that job's files are. Raises ValueError for a name that leads elsewhere."""
        if Path(job).name != job:
            raise ValueError("there is no such training; it may have been deleted")
        return self.root / job

    # What the app does.

    def add(self, plan: Any, token: str, job: str = "") -> Job:
        """Put a job at the end of the queue. token: its owner's secret, of which only a digest is
        kept. job: its id, where its folder is there already."""
        now = time.time()
        row = (job or new_id(), digest(token), write_plan(plan), QUEUED, now, now)
        with self._change() as database:
            database.execute(
                "INSERT INTO jobs (id, owner, plan, state, queued, changed)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        return self.get(row[0])

    def get(self, job: str) -> Job:
        if (found := self.find(job)) is None:
            raise ValueError("there is no such training; it may have been deleted")
        return found

    def find(self, job: str) -> Job | None:
        """The job; None when it is gone."""
        return next(iter(self._jobs("WHERE id = ?", job)), None)

    def owned(self, token: str) -> list[Job]:
        """That owner's jobs, the newest first."""
        return self._jobs("WHERE owner = ? ORDER BY queued DESC", digest(token))

    def in_state(self, *states: str) -> list[Job]:
        """The jobs in any of these states, in the order of the queue."""
        marks = ", ".join("?" * len(states))
        return self._jobs(f"WHERE state IN ({marks}) ORDER BY queued, id", *states)

    def position(self, job: Job) -> int:
        """How many are before it in the queue, itself included; 0 when it is not queued."""
        if job.state != QUEUED:
            return 0
        return 1 + sum((other.queued, other.id) < (job.queued, job.id) for other in self.waiting())

    def waiting(self) -> list[Job]:
        return self.in_state(QUEUED)

    def wishing(self, wish: str) -> list[Job]:
        return self._jobs("WHERE wish = ?", wish)

    def rename(self, job: str, token: str, name: str) -> Job:
        """Let the owner call a job something else; "" is no name."""
        found = self.get(job)
        if not secrets.compare_digest(found.owner, digest(token)):
            raise ValueError("only the one who started this training can rename it")
        with self._change() as database:
            database.execute("UPDATE jobs SET name = ? WHERE id = ?", (tidied(name), job))
        return self.get(job)

    def ask(self, job: str, token: str, action: str) -> Job | None:
        """Let the owner pause, resume, stop or delete a job; a running one obeys within a step or
        two, and a finished one goes on as its kind does. Returns the job as it is then, None when
        it is gone."""
        if action not in ACTIONS:
            raise ValueError(f"unknown action {action!r}; choose from {', '.join(ACTIONS)}")
        with self._change() as database:
            row = database.execute(
                "SELECT owner, plan, state, wish FROM jobs WHERE id = ?", (job,)
            ).fetchone()
            if row is None:
                raise ValueError("there is no such training; it may have been deleted")
            if not secrets.compare_digest(row["owner"], digest(token)):
                raise ValueError(f"only the one who started this training can {action} it")
            if row["wish"] == "delete" != action:
                raise ValueError("this training is being deleted")
            wish, state = wanted(action, row["state"])
            now = time.time()
            if action == "delete" and state != RUNNING:
                self._remove(database, job)
                return None
            if state == QUEUED != row["state"]:
                plan = row["plan"]
                if row["state"] == FINISHED:
                    plan = write_plan(longer(read_plan(plan)))
                database.execute(
                    "UPDATE jobs SET plan = ?, message = '', queued = ? WHERE id = ?",
                    (plan, now, job),
                )
            database.execute(
                "UPDATE jobs SET wish = ?, state = ?, changed = ?, deaths = 0 WHERE id = ?",
                (wish, state, now, job),
            )
        return self.get(job)

    def claim(self, leave: Collection[str] = ()) -> Job | None:
        """The job whose turn it is, from now on running; None when nobody waits. leave: jobs whose
        turn it is not yet."""
        if all(job.id in leave for job in self.waiting()):  # mostly: no need to lock others out
            return None
        marks = ", ".join("?" * len(leave))
        with self._change() as database:
            row = database.execute(
                "UPDATE jobs SET state = ?, wish = '', message = '', changed = ? WHERE id = (SELECT"
                f" id FROM jobs WHERE state = ? AND id NOT IN ({marks}) ORDER BY queued, id LIMIT 1"
                ") RETURNING id",
                (RUNNING, time.time(), QUEUED, *leave),
            ).fetchone()
        return self.find(row["id"]) if row else None

    def remove(self, job: str) -> None:
        """Forget a job and delete its files."""
        with self._change() as database:
            self._remove(database, job)

    def _remove(self, database: sqlite3.Connection, job: str) -> None:
        # The files first: on a full disk there is no room to write down that they are gone.
        shutil.rmtree(self.folder(job), ignore_errors=True)
        database.execute("DELETE FROM jobs WHERE id = ?", (job,))

    # What the process that trains does.

    def wish(self, job: str) -> str:
        row = self._rows("SELECT wish FROM jobs WHERE id = ?", job)
        return row[0]["wish"] if row else "delete"

    def progress(
        self, job: str, point: Point, seconds: float, fraction: float, speed: float
    ) -> None:
        """A new point of the curves. seconds: of training; speed: in pictures a second."""
        with self._change() as database:
            database.execute(
                "UPDATE jobs SET images = ?, seconds = ?, fraction = ?, speed = ?, changed = ?"
                " WHERE id = ?",
                (point.images, seconds, fraction, speed, time.time(), job),
            )
            database.execute(
                "INSERT INTO points (job, images, loss, losses) VALUES (?, ?, ?, ?)",
                (job, point.images, point.loss, json.dumps(point.losses)),
            )

    def note_saved(self, job: str, images: int) -> None:
        """A checkpoint is on the disk: a death from now on repeats nothing before it."""
        with self._change() as database:
            database.execute(
                "UPDATE jobs SET saved = ?, images = ?, deaths = 0 WHERE id = ?",
                (images, images, job),
            )

    def note_sample(self, job: str, images: int) -> None:
        with self._change() as database:
            database.execute("INSERT OR REPLACE INTO samples VALUES (?, ?)", (job, images))

    def rewind(self, job: str, images: int, seconds: float, fraction: float) -> None:
        """Forget what came after the checkpoint that training goes on from."""
        with self._change() as database:
            database.execute("DELETE FROM points WHERE job = ? AND images > ?", (job, images))
            database.execute("DELETE FROM samples WHERE job = ? AND images > ?", (job, images))
            database.execute(
                "UPDATE jobs SET images = ?, seconds = ?, fraction = ? WHERE id = ?",
                (images, seconds, fraction, job),
            )

    def settle(self, job: str, state: str, message: str = "", died: bool = False) -> None:
        """The state that a running job has ended in. One that would go on obeys what its owner has
        asked for and its process did not live to do."""
        with self._change() as database:
            row = database.execute(
                "SELECT wish FROM jobs WHERE id = ? AND state = ?", (job, RUNNING)
            ).fetchone()
            if row is None:  # deleted, or settled by the process itself
                return
            wish = row["wish"]
            database.execute(
                "UPDATE jobs SET state = ?, wish = ?, message = ?, speed = 0, changed = ?,"
                " deaths = deaths + ? WHERE id = ?",
                (
                    OBEYED.get(wish, QUEUED) if state == QUEUED else state,
                    wish if wish == "delete" else "",
                    message,
                    time.time(),
                    died,
                    job,
                ),
            )

    # What both read.

    def points(self, job: str, since: int = 0) -> tuple[int, list[Point]]:
        """The points of the curves after number `since`, and the number of the newest."""
        rows = self._rows(
            "SELECT * FROM points WHERE job = ? AND number > ? ORDER BY number", job, since
        )
        points = [Point(r["images"], r["loss"], tuple(json.loads(r["losses"]))) for r in rows]
        return (rows[-1]["number"] if rows else since), points

    def samples(self, job: str) -> list[int]:
        """After how many pictures samples were kept, in order."""
        rows = self._rows("SELECT images FROM samples WHERE job = ? ORDER BY images", job)
        return [row["images"] for row in rows]

    def _jobs(self, where: str, *values: object) -> list[Job]:
        rows = self._rows(f"SELECT * FROM jobs {where}", *values)
        return [Job(**{**dict(row), "plan": read_plan(row["plan"])}) for row in rows]
