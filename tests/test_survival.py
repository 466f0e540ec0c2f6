"""Training jobs in real processes: whatever is killed, frozen, full or forbidden, none is lost."""

from __future__ import annotations

import ctypes
import errno
import gzip
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
import torch

from diffviz.checkpoints import load_checkpoint, save_checkpoint
from diffviz.data import DataChoice, load_data_set
from diffviz.jobs import supervisor, work, worker
from diffviz.jobs.job import FAILED, FINISHED, PAUSED, QUEUED, RUNNING, STOPPED, Job, Point
from diffviz.jobs.kinds.training import TrainingWork
from diffviz.jobs.sheets import describe_sheet
from diffviz.jobs.store import JobStore
from diffviz.jobs.supervisor import Supervisor
from diffviz.training.files import Order, load_training, save_training
from diffviz.training.plan import Plan, begin, name_of
from diffviz.training.trainer import Trainer
from tests.forks import FORKS, as_they_are, forked_workers, forking
from tests.waiting import PATIENCE, eventually

PLAN = Plan(
    DataChoice("digits"),
    "tiny",
    network={"channels": (16, 16), "blocks": (1, 1)},
    config={"batch": 32, "hours": 0.25},
)
NAME = name_of(PLAN)
ME = "my secret"
COMPLAINTS = "complaints.txt"


def processes(word: str) -> list[int]:
    """Those that run and write to a log with this in its path, as workers do."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended meanwhile
            if word in os.readlink(folder / "fd" / "1"):
                found.append(int(folder.name))
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "trainings")
    yield store
    store.close()
    left = processes(str(tmp_path))
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert not left


@pytest.fixture
def app(store: JobStore, forks: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor in this process, for tests that do not kill it."""
    monkeypatch.setattr(supervisor, "subprocess", forking(forks))
    app = Supervisor(store, threads=1, nice=0)
    app.start()
    yield app
    app.close()


def run_app(folder: Path, forks: Path | None, prepare: Callable[[], None]) -> None:
    """What the app does for trainings, until it is sent a SIGTERM. Its complaints go to a file.
    forks: where its workers are forked, or None, where they start from nothing."""
    prepare()
    warnings.simplefilter("error")
    with open(folder.parent / COMPLAINTS, "ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    if forks:
        vars(supervisor)["subprocess"] = forking(forks)
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    store = JobStore(folder)
    app = Supervisor(store, threads=1, nice=0)
    app.start()
    ending.wait()
    app.close()
    store.close()


class Apps:
    """Apps on one store, in processes of their own."""

    def __init__(self, folder: Path, forks: Path) -> None:
        self.folder = folder
        self.forks: Path | None = forks
        self.running: list[ForkServerProcess] = []

    def start(self, prepare: Callable[[], None] = as_they_are) -> ForkServerProcess:
        process = FORKS.Process(target=run_app, args=(self.folder, self.forks, prepare))
        process.start()
        self.running.append(process)
        return process

    def end(self, process: ForkServerProcess, number: int = signal.SIGTERM) -> None:
        """Send it that signal and wait for its end."""
        assert process.pid is not None
        os.kill(process.pid, number)
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            process.join()
        code = process.exitcode
        process.close()
        self.running.remove(process)
        assert code == (0 if number == signal.SIGTERM else -number)


@pytest.fixture
def apps(store: JobStore, forks: Path) -> Iterator[Apps]:
    apps = Apps(store.root, forks)
    yield apps
    for process in list(apps.running):
        apps.end(process)
    assert (store.root.parent / COMPLAINTS).read_text() == ""


def begun(store: JobStore) -> Job:
    """A job that has trained a little, without a process of its own, and is paused."""
    job = store.add(PLAN, ME)
    store.ask(job.id, ME, "pause")
    store.folder(job.id).mkdir()
    assert TrainingWork(store, job, lambda: True).run() == QUEUED
    return store.get(job.id)


def wait_for(store: JobStore, job: Job, state: str) -> Job:
    eventually(lambda: store.get(job.id).state == state, f"{state}, it is {store.get(job.id)}")
    return store.get(job.id)


def wait_for_save(store: JobStore, job: Job, after: int = 0) -> Job:
    eventually(lambda: store.get(job.id).saved > after, "a checkpoint")
    return store.get(job.id)


def wait_for_points(store: JobStore, job: Job, after: int) -> list[Point]:
    """The curve once it goes on beyond so many pictures."""

    def beyond() -> list[Point]:
        points = store.points(job.id)[1]
        return points if points and points[-1].images > after else []

    return eventually(beyond, f"a point after {after} pictures")


def other_process(job: Job, seen: Collection[int] = ()) -> int:
    """The one that trains the job, when it is none of these."""
    (found,) = eventually(lambda: set(processes(job.id)).difference(seen), "another process")
    return found


def assert_no_process(job: Job) -> None:
    eventually(lambda: not processes(job.id), "no process left")


def assert_forward(points: list[Point]) -> None:
    seen = [point.images for point in points]
    assert seen == sorted(set(seen))


def saved_images(store: JobStore, job: Job) -> int:
    """Of the state on the disk, which has to be whole."""
    unfinished = store.folder(job.id) / work.UNFINISHED
    return load_training(NAME, load_data_set, unfinished)[1].images


def assert_kept(store: JobStore, job: Job) -> None:
    """A good state of a failed job is on the disk, and its denoiser."""
    assert saved_images(store, job) == store.get(job.id).saved > 0
    load_checkpoint(NAME, store.folder(job.id))


def assert_goes_on(store: JobStore, job: Job) -> None:
    """From its last checkpoint, after its owner has asked for it."""
    before, curve = store.get(job.id), store.points(job.id)[1]
    store.ask(job.id, ME, "resume")
    points = wait_for_points(store, job, before.images)
    kept = [point for point in curve if point.images <= before.saved]
    assert points[: len(kept)] == kept
    assert_forward(points)


def test_jobs_run_through_one_after_the_other(store: JobStore, app: Supervisor) -> None:
    short = replace(PLAN, config={**PLAN.config, "hours": 3 / 3600})
    first = store.add(short, ME)
    second = store.add(replace(short, config={**PLAN.config, "images": 320}), ME)
    seen = []
    wait_for(store, first, RUNNING)
    while (now := store.get(first.id)).state == RUNNING:
        assert store.position(store.get(second.id)) == 1
        seen.append((now.images, now.seconds, now.fraction))
        time.sleep(0.1)
    assert seen == sorted(seen)
    assert len({fraction for _, _, fraction in seen}) > 3

    done, folder = wait_for(store, first, FINISHED), store.folder(first.id)
    assert (done.fraction, done.wish, done.message, done.deaths) == (1, "", "", 0)
    points = store.points(first.id)[1]
    assert_forward(points)
    assert points[-1].images == done.images == done.saved
    assert all(len(point.losses) == 8 for point in points)
    checkpoint = load_checkpoint(NAME, folder)
    assert checkpoint.card.images_seen == done.images
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        f"{NAME}.safetensors",
        f"{NAME}.json",
        "log.txt",
        worker.LOCK,
    }

    sheets = store.samples(first.id)
    assert (sheets[0], sheets[-1]) == (0, done.images)
    assert len(sheets) >= 3
    assert {path.name for path in (folder / work.SHEETS).iterdir()} == set(map(str, sheets))
    about = describe_sheet(checkpoint.card.data)
    contents = [gzip.decompress((folder / work.SHEETS / str(n)).read_bytes()) for n in sheets]
    drawn = [torch.frombuffer(bytearray(content), dtype=torch.uint8) for content in contents]
    drawn = [sheet.reshape(len(about["views"]), *about["shape"]) for sheet in drawn]
    assert all(torch.equal(sheet[0, 0], drawn[0][0, 0]) for sheet in drawn)  # the same noise
    assert len(set(contents)) == len(contents)  # and ever other pictures of it

    assert wait_for(store, second, FINISHED).images == 320
    eventually(lambda: not app.children, "nobody is left to wait for")
    assert_no_process(first)
    assert_no_process(second)
    assert (folder / "log.txt").read_text() == ""


def test_a_restart_of_the_app_repeats_nothing(store: JobStore, apps: Apps) -> None:
    job = store.add(PLAN, ME)
    first = apps.start()
    wait_for_points(store, job, 0)
    apps.end(first)
    assert_no_process(job)
    stopped, points = store.get(job.id), store.points(job.id)[1]
    assert (stopped.state, stopped.deaths) == (QUEUED, 0)
    assert stopped.images == stopped.saved == saved_images(store, job) >= points[-1].images

    second = apps.start()
    later = wait_for_points(store, job, stopped.images)
    assert later[: len(points)] == points
    assert_forward(later)
    assert later[len(points)].images > stopped.saved
    apps.end(second)
    assert_no_process(job)


def test_another_app_takes_over_from_one_that_was_killed(store: JobStore, apps: Apps) -> None:
    """Its worker saves and ends by itself."""
    job, waiting = store.add(PLAN, ME), store.add(PLAN, ME)
    first = apps.start()
    before = wait_for_save(store, job)
    second = apps.start()
    (trains,) = processes(job.id)
    apps.end(first, signal.SIGKILL)
    eventually(lambda: trains not in processes(job.id), "the worker ends by itself")
    after = store.get(job.id)
    assert after.saved > before.saved
    points = wait_for_points(store, job, after.saved)
    assert_forward(points)
    assert len(processes(job.id)) == 1
    now = store.get(job.id)
    assert (now.state, now.deaths) == (RUNNING, 0)
    assert store.get(waiting.id).state == QUEUED  # it has not slipped in before
    apps.end(second)
    assert_no_process(job)


def test_an_app_killed_at_the_start_of_a_worker(store: JobStore, apps: Apps) -> None:
    """The worker that comes too late leaves the job to the next app's."""
    job = store.add(replace(PLAN, config={**PLAN.config, "images": 3200}), ME)
    forks, apps.forks = apps.forks, None
    app = apps.start()
    other_process(job)
    apps.end(app, signal.SIGKILL)
    apps.forks = forks
    apps.start()
    assert wait_for(store, job, FINISHED).images == 3200
    assert_forward(store.points(job.id)[1])
    assert_no_process(job)


def test_app_and_worker_killed_together(store: JobStore, apps: Apps) -> None:
    job = store.add(PLAN, ME)
    first = apps.start()
    wait_for_save(store, job)
    (trains,) = processes(job.id)
    os.kill(trains, signal.SIGKILL)
    apps.end(first, signal.SIGKILL)
    assert_no_process(job)
    lost = store.get(job.id)
    assert lost.state in (RUNNING, QUEUED)
    saved = saved_images(store, job)
    points = [point for point in store.points(job.id)[1] if point.images <= saved]
    apps.start()
    later = wait_for_points(store, job, max(lost.images, saved))
    assert later[: len(points)] == points
    assert_forward(later)
    assert later[len(points)].images > saved


def test_a_killed_worker_is_started_again(store: JobStore, app: Supervisor) -> None:
    job = store.add(PLAN, ME)
    before = wait_for_save(store, job)
    (trains,) = processes(job.id)
    os.kill(trains, signal.SIGKILL)
    other_process(job, {trains})
    saved = saved_images(store, job)
    assert saved >= before.saved
    assert_forward(wait_for_points(store, job, saved))
    now = wait_for_save(store, job, after=saved)
    assert (now.state, now.deaths) == (RUNNING, 0)


def test_at_most_half_a_minute_is_repeated() -> None:
    """The limit of what the tests above measure with a shorter one."""
    assert work.SAVE_SECONDS <= 20


@pytest.fixture
def idle(app: Supervisor, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """Its workers do nothing, and do not notice its end."""
    monkeypatch.setattr(
        supervisor, "WORKER", (sys.executable, "-c", "import time; time.sleep(600)")
    )
    monkeypatch.setattr(supervisor, "GOODBYE_SECONDS", 0.1)
    return app


def test_what_is_killed_again_and_again_fails(store: JobStore, idle: Supervisor) -> None:
    job = store.add(PLAN, ME)
    for _ in range(2):
        seen: set[int] = set()
        for _ in range(supervisor.MOST_DEATHS):
            trains = other_process(job, seen)
            seen.add(trains)
            os.kill(trains, signal.SIGKILL)
        failed = wait_for(store, job, FAILED)
        assert failed.message.startswith("its process was killed again and again")
        assert_no_process(job)
        assert store.get(job.id) == failed  # nobody tries once more
        store.ask(job.id, ME, "resume")  # but its owner may


def test_what_crashes_again_and_again_fails(
    store: JobStore, app: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "WORKER", (sys.executable, "-c", "1 / 0"))
    job = store.add(PLAN, ME)
    assert "by a mistake again and again (exit code 1)" in wait_for(store, job, FAILED).message
    log = (store.folder(job.id) / "log.txt").read_text()
    assert log.count("ZeroDivisionError") == supervisor.MOST_DEATHS


def test_a_worker_that_does_not_end_is_killed_at_the_end(store: JobStore, idle: Supervisor) -> None:
    job = store.add(PLAN, ME)
    other_process(job)
    idle.close()
    assert not processes(job.id)
    assert store.get(job.id).state == RUNNING  # as after a kill, for the next app to see


def test_a_job_that_vanishes_while_it_runs(store: JobStore, idle: Supervisor) -> None:
    job, following = store.add(PLAN, ME), store.add(PLAN, ME)
    trains = other_process(job)
    store.remove(job.id)
    os.kill(trains, signal.SIGKILL)
    wait_for(store, following, RUNNING)
    assert not store.folder(job.id).exists()


def test_a_wish_is_obeyed_though_the_worker_is_killed(store: JobStore, idle: Supervisor) -> None:
    for wish, state in (("pause", PAUSED), ("stop", STOPPED)):
        job = store.add(PLAN, ME)
        trains = other_process(job)
        store.ask(job.id, ME, wish)
        os.kill(trains, signal.SIGKILL)
        wait_for(store, job, state)


def test_what_owners_ask_for(store: JobStore, app: Supervisor) -> None:
    first, second = store.add(PLAN, ME), store.add(PLAN, ME)
    wait_for_points(store, first, 0)
    store.ask(first.id, ME, "pause")
    paused = wait_for(store, first, PAUSED)
    assert paused.images == paused.saved == saved_images(store, first)
    assert load_checkpoint(NAME, store.folder(first.id)).card.images_seen == paused.images
    assert_no_process(first)

    wait_for_points(store, second, 0)
    store.ask(first.id, ME, "resume")
    assert store.position(store.get(first.id)) == 1
    store.ask(second.id, ME, "stop")
    stopped = wait_for(store, second, STOPPED)
    assert stopped.saved == stopped.images > 0
    store.ask(second.id, ME, "delete")
    assert not store.folder(second.id).exists()

    other_process(first)
    store.ask(first.id, ME, "delete")  # before it has begun to train
    eventually(lambda: store.find(first.id) is None, "deleted")
    assert_no_process(first)
    assert not store.folder(first.id).exists()
    assert store.owned(ME) == []


def test_a_frozen_worker_loses_nothing(store: JobStore, app: Supervisor) -> None:
    job = store.add(PLAN, ME)
    wait_for_save(store, job)
    (trains,) = processes(job.id)
    os.kill(trains, signal.SIGSTOP)
    points = store.points(job.id)[1]
    time.sleep(2)
    assert store.points(job.id)[1][: len(points)] == points
    os.kill(trains, signal.SIGCONT)
    later = wait_for_points(store, job, store.get(job.id).images)
    assert later[: len(points)] == points
    assert_forward(later)
    assert processes(job.id) == [trains]

    os.kill(trains, signal.SIGSTOP)
    store.ask(job.id, ME, "delete")  # no need to wait for it
    eventually(lambda: store.find(job.id) is None, "deleted")
    assert_no_process(job)
    assert not store.folder(job.id).exists()


def test_a_damaged_state_fails_with_a_sentence(store: JobStore, app: Supervisor) -> None:
    """It does not begin anew: that would overwrite the denoiser, which is still good."""
    job = begun(store)
    state = store.folder(job.id) / work.UNFINISHED / f"{NAME}.safetensors"
    os.truncate(state, state.stat().st_size // 2)
    store.ask(job.id, ME, "resume")
    failed = wait_for(store, job, FAILED)
    assert failed.message.startswith(f"the unfinished training '{NAME}' cannot be read")
    assert_no_process(job)
    assert store.get(job.id) == failed
    load_checkpoint(NAME, store.folder(job.id))


KILLS = 30
UNIT = 2.0**-20  # weights of a size that float16 holds exactly, and that training can go on from


def save(order: Order, trainer: Trainer, folder: Path) -> None:
    with torch.no_grad():  # all of one state is of one number, so that a mixture would show
        for network in (trainer.network, trainer.ema.network):
            for parameter in network.parameters():
                parameter.fill_(trainer.images * UNIT)
    save_training(order, trainer, folder / work.UNFINISHED)
    save_checkpoint(trainer.checkpoint(NAME, ""), folder)


def save_for_ever(order: Order, trainer: Trainer, folder: Path) -> None:
    while True:
        trainer.images += 1
        save(order, trainer, folder)


def kill_amid_saves(folder: Path, told: Connection) -> None:
    """Tells how many pictures the last state has seen, and nothing where it finds a mixture."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    unfinished = folder / work.UNFINISHED
    order, trainer = begin(PLAN, NAME, "")
    for _ in islice(trainer.steps(), 1):
        pass
    save(order, trainer, folder)
    whole, moments, kills = trainer.images, random.Random(0), 0
    # A child that has no turn meanwhile saves nothing.
    while kills < KILLS or whole <= KILLS or not [*unfinished.glob(".*"), *folder.glob(".*")]:
        kills += 1
        child = os.fork()
        if child == 0:
            save_for_ever(order, trainer, folder)
        time.sleep(moments.uniform(0.005, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _, trainer = load_training(NAME, load_data_set, unfinished)
        assert trainer.images >= whole
        whole = trainer.images
        for network in (trainer.network, trainer.ema.network):
            assert all((p == whole * UNIT).all() for p in network.parameters())
        checkpoint = load_checkpoint(NAME, folder)
        values = {p.flatten()[0].item() for p in checkpoint.network.parameters()}
        assert len(values) == 1
        assert all((p == p.flatten()[0]).all() for p in checkpoint.network.parameters())
        assert checkpoint.card.images_seen <= values.pop() / UNIT <= whole  # in this order
    told.send(whole)


def test_kills_amid_saves(store: JobStore) -> None:
    """Whatever is on the disk is whole, and what was half written goes when the job goes on."""
    job = store.add(PLAN, ME)
    folder = store.folder(job.id)
    sheets = folder / work.SHEETS
    for made in (folder, folder / work.UNFINISHED, sheets):
        made.mkdir()
    (sheets / "999999999").write_bytes(b"of a checkpoint that was not reached")
    heard, told = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=kill_amid_saves, args=(folder, told))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    whole = heard.recv()

    claimed = store.claim()
    assert claimed is not None
    assert TrainingWork(store, claimed, lambda: True).run() == QUEUED
    assert saved_images(store, job) == store.get(job.id).saved > whole
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert not list(sheets.iterdir())


def test_files_that_cannot_grow(store: JobStore, app: Supervisor) -> None:
    """As on a disk that is full, or over a quota: the store fits and the state does not, or neither
    does."""
    job = store.add(PLAN, ME)
    state = store.folder(job.id) / work.UNFINISHED / f"{NAME}.safetensors"
    wait_for_save(store, job)
    for limit, reason in (
        (state.stat().st_size - 1, f"read or written ({os.strerror(errno.EFBIG)})"),
        (4096, "written, the disk may be full"),
    ):
        (trains,) = processes(job.id)
        resource.prlimit(trains, resource.RLIMIT_FSIZE, (limit, limit))
        failed = wait_for(store, job, FAILED)
        safe = f"; the checkpoint after {failed.saved:,} pictures is safe"
        assert failed.message == f"its files cannot be {reason}{safe}"
        assert_no_process(job)
        assert_kept(store, job)
        if limit > 4096:
            assert_goes_on(store, job)
            wait_for_save(store, job, failed.saved)  # the next is a second away


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a disk of our own")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(file: Path) -> None:
    """To the last byte."""
    with open(file, "wb", buffering=0) as filler:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    filler.write(bytes(size))


def test_a_full_disk(small_disk: Path, forks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and store on it: nothing can be written down, not even that the job has failed."""
    monkeypatch.setattr(supervisor, "subprocess", forking(forks))
    store = JobStore(small_disk / "trainings")
    app = Supervisor(store, threads=1, nice=0)
    app.start()
    filler = small_disk / "filler"
    try:
        other, job = begun(store), store.add(PLAN, ME)
        wait_for_save(store, job)
        fill(filler)
        assert_no_process(job)
        eventually(lambda: not app.children, "its end was noticed")
        assert_kept(store, job)
        with pytest.raises(OSError, match="disk is full"):
            JobStore(small_disk / "more")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            for _ in iter(lambda: store.add(PLAN, ME), None):
                pass
        time.sleep(3 * supervisor.TICK_SECONDS)
        assert store.get(job.id).state == RUNNING

        store.ask(other.id, ME, "delete")  # this, of all, must be possible
        assert store.find(other.id) is None
        filler.unlink()
        failed = wait_for(store, job, FAILED)
        assert "full" in failed.message
        assert_goes_on(store, job)
    finally:
        filler.unlink(missing_ok=True)
        app.close()
        store.close()


def be_powerless() -> None:
    """This process, and what it starts, loses what lets an administrator write everywhere."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, sets)
    for power in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        sets[0] &= ~(1 << power)
        assert libc.prctl(24, power, 0, 0, 0) == 0  # PR_CAPBSET_DROP
    assert libc.capset(header, sets) == 0


def test_a_folder_that_becomes_unwritable(store: JobStore, apps: Apps, tmp_path: Path) -> None:
    job = store.add(PLAN, ME)
    with forked_workers(tmp_path, be_powerless) as apps.forks:
        apps.start(be_powerless)
        wait_for_save(store, job)
        (store.folder(job.id) / work.UNFINISHED).chmod(0o555)
        failed = wait_for(store, job, FAILED)
    assert f"({os.strerror(errno.EACCES)}); the checkpoint after " in failed.message
    assert_no_process(job)
    assert_kept(store, job)


def refused(folder: Path, told: Connection) -> None:
    be_powerless()
    try:
        JobStore(folder)
    except OSError as error:
        told.send(str(error))


@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_that_is_unwritable_from_the_start(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "trainings"
    if exists:
        JobStore(folder).close()
        (folder / "jobs.sqlite3").chmod(0o444)
        folder.chmod(0o555)
    tmp_path.chmod(0o555)
    heard, told = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=refused, args=(folder, told))
    try:
        process.start()
        process.join(PATIENCE)
    finally:
        for path in (tmp_path, folder):
            if path.exists():
                path.chmod(0o755)
    assert process.exitcode == 0
    complaint = heard.recv()
    assert complaint.startswith(f"trainings cannot be kept in the folder {folder}: ")
    assert "readonly" in complaint if exists else "Permission denied" in complaint


def test_a_file_where_a_folder_should_be(store: JobStore, app: Supervisor) -> None:
    job, following = store.add(PLAN, ME, "a"), store.add(PLAN, ME, "b")
    for one in (job, following):
        store.folder(one.id).write_text("")
    for one in (job, following):
        message = wait_for(store, one, FAILED).message
        assert message == f"its files cannot be read or written ({os.strerror(errno.EEXIST)})"
