"""The SQLite file of the training jobs: its tables, and how threads and processes share it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 20  # how long to wait for another process's change to end
TABLES = (
    """\
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    wish TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    queued REAL NOT NULL,
    changed REAL NOT NULL,
    images INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    fraction REAL NOT NULL DEFAULT 0,
    speed REAL NOT NULL DEFAULT 0,
    saved INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT ''
)""",
    """\
CREATE TABLE IF NOT EXISTS points (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    images INTEGER NOT NULL,
    loss REAL NOT NULL,
    losses TEXT NOT NULL
)""",
    "CREATE INDEX IF NOT EXISTS points_of_job ON points (job, number)",
    """\
CREATE TABLE IF NOT EXISTS samples (
    job TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
    images INTEGER NOT NULL,
    PRIMARY KEY (job, images)
) WITHOUT ROWID""",
)


class Database:
    """One connection to write and one to read: who only looks never waits for a writer, not even
    for one of a low priority, or frozen, in another process. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._writer = connect(path)
        try:
            switch_to_wal(self._writer)
            self._writer.execute("PRAGMA synchronous = NORMAL")
            self._writer.execute("PRAGMA foreign_keys = ON")
            with self.change() as database:
                for table in TABLES:
                    database.execute(table)
                add_missing(database)
            self._reader = connect(path)
        except BaseException:
            self._writer.close()
            raise

    def close(self) -> None:
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._reading:
            return self._reader.execute(query, values).fetchall()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction, all of it or nothing."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


def add_missing(connection: sqlite3.Connection) -> None:
    """What tables of earlier versions did not have."""
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(jobs)")}
    if "name" not in columns:
        connection.execute("ALTER TABLE jobs ADD COLUMN name TEXT NOT NULL DEFAULT ''")


def switch_to_wal(connection: sqlite3.Connection) -> None:
    """SQLite itself does not wait when two processes do this to a new file at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
