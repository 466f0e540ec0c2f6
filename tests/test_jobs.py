"""The store of training jobs: what owners may ask for, whose turn it is, many processes at once."""

from __future__ import annotations

import sqlite3
import threading
import warnings
from collections.abc import Iterator
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from diffviz.data import DataChoice
from diffviz.jobs.database import Database
from diffviz.jobs.job import (
    ACTIONS,
    FAILED,
    FINISHED,
    OBEYED,
    PAUSED,
    QUEUED,
    RUNNING,
    STOPPED,
    Job,
    Point,
)
from diffviz.jobs.kinds import read_plan
from diffviz.jobs.store import JobStore
from diffviz.training.plan import Plan
from tests.forks import FORKS
from tests.waiting import PATIENCE

PLAN = Plan(
    DataChoice("digits", ("1", "7")), "tiny", network={"channels": (16, 16)}, config={"hours": 0.01}
)
ME, OTHER = "my secret", "another's secret"
STATES = (QUEUED, RUNNING, PAUSED, STOPPED, FINISHED, FAILED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "trainings")
    yield store
    store.close()


def job_in(store: JobStore, state: str) -> Job:
    """A job that has come to that state in the ways there are."""
    job = store.add(PLAN, ME)
    store.folder(job.id).mkdir()
    (store.folder(job.id) / "file").write_text("")
    if state == QUEUED:
        return job
    assert store.claim() is not None
    if state == RUNNING:
        return store.get(job.id)
    store.settle(job.id, state, "out of luck" if state == FAILED else "")
    return store.get(job.id)


def test_a_job_is_kept_as_it_was_ordered(store: JobStore, tmp_path: Path) -> None:
    job = store.add(PLAN, ME)
    assert (job.state, job.wish, job.message, job.images, job.saved) == (QUEUED, "", "", 0, 0)
    assert job.plan == PLAN
    assert read_plan(
        '{"data": {"name": "own", "classes": [], "path": "p"}, "network": {}}'
    ) == Plan(DataChoice("own", path="p"))
    again = JobStore(tmp_path / "trainings")
    assert again.get(job.id) == job
    again.close()
    named = store.add(PLAN, ME, "a-name")
    assert named.id == "a-name"
    assert store.folder(named.id) == tmp_path / "trainings" / "a-name"
    with pytest.raises(sqlite3.IntegrityError):
        store.add(PLAN, ME, "a-name")


AFTER = {  # (state, action): the state then, or the wish where it runs
    (QUEUED, "pause"): PAUSED,
    (QUEUED, "stop"): STOPPED,
    (PAUSED, "stop"): STOPPED,
    (PAUSED, "resume"): QUEUED,
    (STOPPED, "resume"): QUEUED,
    (FAILED, "resume"): QUEUED,
    (FINISHED, "resume"): QUEUED,
    (RUNNING, "pause"): "pause",
    (RUNNING, "resume"): "",
    (RUNNING, "stop"): "stop",
    (RUNNING, "delete"): "delete",
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_in_every_state(store: JobStore, state: str, action: str) -> None:
    job = job_in(store, state)
    if state == RUNNING:
        after = store.ask(job.id, ME, action)
        assert after is not None
        assert (after.state, after.wish) == (RUNNING, AFTER[state, action])
        assert store.wish(job.id) == after.wish
    elif action == "delete":
        assert store.ask(job.id, ME, action) is None
        assert store.find(job.id) is None
        assert not store.folder(job.id).exists()
    elif (state, action) in AFTER:
        after = store.ask(job.id, ME, action)
        assert after is not None
        assert (after.state, after.wish) == (AFTER[state, action], "")
        if after.state == QUEUED:
            assert after.message == ""
            assert after.queued > job.queued
    else:
        with pytest.raises(ValueError, match=f"a {state} training cannot be asked to {action}"):
            store.ask(job.id, ME, action)
        assert store.get(job.id) == job


def test_only_its_owner_may_ask(store: JobStore) -> None:
    job = store.add(PLAN, ME)
    theirs = store.add(PLAN, OTHER)
    for action in ACTIONS:
        with pytest.raises(ValueError, match=f"only the one who started .* can {action} it"):
            store.ask(job.id, OTHER, action)
    with pytest.raises(ValueError, match="unknown action 'sell'; choose from pause, resume"):
        store.ask(job.id, ME, "sell")
    with pytest.raises(ValueError, match="there is no such training"):
        store.ask("nothing", ME, "pause")
    assert store.get(job.id) == job
    assert [mine.id for mine in store.owned(ME)] == [job.id]
    assert [mine.id for mine in store.owned(OTHER)] == [theirs.id]
    assert store.owned("") == []
    assert job.owner != ME  # a copy of the store gives nobody's token away
    assert ME.encode() not in (store.root / "jobs.sqlite3-wal").read_bytes()


def test_the_queue_goes_by_time_and_shows_positions(store: JobStore) -> None:
    first, second, third = (store.add(PLAN, ME) for _ in range(3))

    def positions() -> list[int]:
        return [store.position(store.get(job.id)) for job in (first, second, third)]

    assert positions() == [1, 2, 3]
    assert [job.id for job in store.owned(ME)] == [third.id, second.id, first.id]
    claimed = store.claim()
    assert claimed is not None
    assert (claimed.id, claimed.state) == (first.id, RUNNING)
    assert positions() == [0, 1, 2]
    store.ask(second.id, ME, "pause")
    assert positions() == [0, 0, 1]
    store.ask(second.id, ME, "resume")  # at the end
    assert positions() == [0, 2, 1]
    store.settle(first.id, QUEUED)  # the app was restarted: no place is lost
    assert positions() == [1, 3, 2]
    assert [job.id for job in store.waiting()] == [first.id, third.id, second.id]
    store.ask(first.id, ME, "delete")
    assert store.claim(leave=[third.id]) == store.get(second.id)
    assert store.claim() == store.get(third.id)
    assert store.claim() is None


@pytest.mark.parametrize("wish", ["pause", "stop", "delete"])
def test_a_wish_outlives_the_process_that_should_have_obeyed(store: JobStore, wish: str) -> None:
    job = job_in(store, RUNNING)
    store.ask(job.id, ME, wish)
    store.settle(job.id, QUEUED, died=True)
    assert store.get(job.id).state == OBEYED[wish]
    assert store.claim() is None
    assert [found.id for found in store.wishing("delete")] == [job.id] * (wish == "delete")


def test_a_wish_does_not_undo_an_end(store: JobStore) -> None:
    for state in (FINISHED, FAILED):
        job = job_in(store, RUNNING)
        store.ask(job.id, ME, "pause")
        store.settle(job.id, state, "so")
        ended = store.get(job.id)
        assert (ended.state, ended.wish, ended.message) == (state, "", "so")
        store.settle(job.id, QUEUED)  # settled already
        assert store.get(job.id) == ended


def test_a_deletion_is_not_taken_back(store: JobStore) -> None:
    job = job_in(store, RUNNING)
    store.ask(job.id, ME, "delete")
    for action in ("pause", "resume", "stop"):
        with pytest.raises(ValueError, match="is being deleted"):
            store.ask(job.id, ME, action)
    store.ask(job.id, ME, "delete")
    assert store.wish(job.id) == "delete"


def test_progress_and_what_is_forgotten_of_it(store: JobStore) -> None:
    job = job_in(store, RUNNING)
    points = [Point(100 * i, 1 / i, (0.5, 0.25)) for i in range(1, 6)]
    for point in points:
        store.progress(job.id, point, point.images / 10, point.images / 1000, 12.5)
        store.note_sample(job.id, point.images)
    store.note_sample(job.id, 300)  # again, after a kill
    store.note_saved(job.id, 500)
    now = store.get(job.id)
    assert (now.images, now.seconds, now.fraction) == (500, 50, 0.5)
    assert (now.speed, now.saved) == (12.5, 500)
    newest, kept = store.points(job.id)
    assert kept == points
    assert store.points(job.id, newest) == (newest, [])
    assert store.points(job.id, newest - 2) == (newest, points[3:])
    assert store.samples(job.id) == [100, 200, 300, 400, 500]

    store.rewind(job.id, 300, 30, 0.3)
    assert store.points(job.id)[1] == points[:3]
    assert store.samples(job.id) == [100, 200, 300]
    now = store.get(job.id)
    assert (now.images, now.seconds, now.fraction) == (300, 30, 0.3)
    store.progress(job.id, points[4], 50, 0.5, 12.5)
    assert store.points(job.id, newest)[0] > newest  # no number is given twice

    store.remove(job.id)
    assert store.points(job.id) == (0, [])
    assert store.samples(job.id) == []
    assert store.wish(job.id) == "delete"
    store.settle(job.id, FINISHED)
    assert store.find(job.id) is None


def test_deaths_are_counted_from_the_last_checkpoint(store: JobStore) -> None:
    job = job_in(store, RUNNING)
    for deaths in (1, 2):
        store.settle(job.id, QUEUED, died=True)
        store.claim()
        assert store.get(job.id).deaths == deaths
    store.note_saved(job.id, 1)
    assert store.get(job.id).deaths == 0


def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"trainings cannot be kept in the folder .*file: .* exists"):
        JobStore(tmp_path / "file")
    with pytest.raises(OSError, match="Not a directory"):
        JobStore(tmp_path / "file" / "below")
    (tmp_path / "jobs.sqlite3").write_text("something else\n" * 100)
    with pytest.raises(OSError, match="file is not a database"):
        JobStore(tmp_path)


def test_looking_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    """A process of a low priority may stand still amid a transaction."""
    mine, theirs = Database(tmp_path / "a.sqlite3"), Database(tmp_path / "a.sqlite3")

    def write() -> None:
        with mine.change() as database:
            database.execute("DELETE FROM jobs")

    waiting = threading.Thread(target=write)
    with theirs.change():
        waiting.start()
        assert mine.rows("SELECT * FROM jobs") == []
        assert waiting.is_alive()
    waiting.join()
    mine.close()
    theirs.close()


def claim_many(folder: Path, together: Barrier, told: SimpleQueue[list[str]]) -> None:
    warnings.simplefilter("error")
    together.wait(PATIENCE)
    store, claimed = JobStore(folder), []
    for _ in range(20):
        store.add(PLAN, ME)
    while job := store.claim():
        claimed.append(job.id)
        for i in range(3):
            store.progress(job.id, Point(i, 1.0, ()), 1, 1, 1)
        store.settle(job.id, FINISHED)
    store.close()
    told.put(claimed)


def test_processes_that_open_one_new_store_at_once(tmp_path: Path) -> None:
    """None is turned away, and no job is claimed twice."""
    together, told = FORKS.Barrier(3), FORKS.SimpleQueue()
    said = (tmp_path / "new", together, told)
    processes = [FORKS.Process(target=claim_many, args=said) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * 3
    claimed = [name for _ in processes for name in told.get()]
    store = JobStore(tmp_path / "new")
    assert len(claimed) == 60
    assert sorted(claimed) == sorted(job.id for job in store.in_state(FINISHED))
    assert all(len(store.points(job)[1]) == 3 for job in claimed)
    store.close()
