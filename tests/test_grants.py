"""What a training takes, and what of it is granted: told before it starts, and held to after."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from diffviz.__main__ import main
from diffviz.cli import train
from diffviz.config import Config
from diffviz.data import DATA_SETS, DataChoice
from diffviz.jobs import supervisor as supervising
from diffviz.jobs.grants import Grants, check_granted
from diffviz.jobs.job import FAILED, FINISHED
from diffviz.jobs.store import JobStore
from diffviz.jobs.supervisor import Supervisor
from diffviz.jobs.trainings import Trainings
from diffviz.networks.sizes import counted
from diffviz.networks.unet import UNetConfig
from diffviz.training.needs import needs_of
from diffviz.training.plan import Plan
from diffviz.training.presets import PRESETS
from tests.forks import forking
from tests.running import ROOT
from tests.waiting import eventually

OWNER, OTHER = "o" * 32, "x" * 32
PLAN = Plan(DataChoice("digits"), "tiny")
HUGE = Plan(
    DataChoice("digits"),
    "tiny",
    network={"channels": (256, 256, 256), "blocks": (1, 1, 1)},
    config={"batch": 4096},
)


@pytest.fixture
def trainings(tmp_path: Path) -> Iterator[Trainings]:
    """Without its supervisor: what is begun waits."""
    made = Trainings(Config(trainings=tmp_path, training_each=3, training_queue=4))
    yield made
    made.store.close()


def test_what_takes_too_much_memory_is_refused_before_it_starts(trainings: Trainings) -> None:
    assert needs_of(HUGE).memory > 10_000
    with pytest.raises(ValueError, match=r"12,\d\d\d MB of memory, and there are 2,000 MB"):
        trainings.begin(HUGE, OWNER)
    assert trainings.owned(OWNER) == []


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (UNetConfig(slots=(10,)), (1, 28, 28)),
        (UNetConfig(channels=(16, 24, 40), blocks=(2, 1, 3), slots=(3, 4)), (1, 28, 28)),
        (UNetConfig(image_channels=3, image_size=(64, 48), attention=False), (3, 64, 48)),
        (
            UNetConfig(
                channels=(16, 16),
                blocks=(1, 1),
                cross_attention=True,
                slots=(3, 4, 5),
                image_channels=3,
                image_size=(30, 25),
                patch=4,
            ),
            (3, 30, 25),
        ),
    ],
)
def test_what_is_told_of_a_network_is_what_a_look_at_it_finds(
    network: UNetConfig, shape: tuple[int, ...]
) -> None:
    told, found = network.sizes(shape), counted(network.build(), shape, len(network.slots))
    assert told.weights == found.weights
    assert told.kept == pytest.approx(found.kept, rel=0.01)


LOADED = """
import sys
from diffviz.data import DataChoice
from diffviz.networks.sizes import counted
from diffviz.networks.unet import UNetConfig
from diffviz.training.needs import needs_of
from diffviz.training.plan import Plan
from diffviz.training.presets import PRESETS
before = set(sys.modules)
needs_of(Plan(DataChoice("heroes"), "tiny"))
print(len([name for name in set(sys.modules) - before if name.startswith("torch")]))
"""


def test_telling_loads_no_compiler() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "0"


@pytest.mark.parametrize("data", [name for name in DATA_SETS if name != "photos"])
@pytest.mark.parametrize("preset", PRESETS)
def test_what_the_page_offers_is_granted(data: str, preset: str) -> None:
    check_granted(Plan(DataChoice(data), preset), Grants.of(Config()))


MEASURE = """
from diffviz.data import DataChoice
from diffviz.training.learner import prepare_threads
from diffviz.training.plan import Plan, begin
from diffviz.cpu.threads import Threads
from diffviz.training.files import save_training
from pathlib import Path
import sys
prepare_threads()
network = {"channels": (64, 128), "blocks": (1, 2)}
data, batch = DataChoice(sys.argv[2]), {"batch": int(sys.argv[3])}
order, trainer = begin(Plan(data, "tiny", "", network, batch), "x", "")
with Threads(1) as team:
    trainer.step(team)
    save_training(order, trainer, Path(sys.argv[1]))
    trainer.step(team)
print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024 / 1e6)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(("data", "batch"), [("digits", 256), ("portraits", 64)])
def test_what_is_told_is_what_it_takes(data: str, batch: int, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path), data, str(batch)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    network = {"channels": (64, 128), "blocks": (1, 2)}
    told = needs_of(Plan(DataChoice(data), "tiny", "", network, {"batch": batch}))
    print(f"{told.memory:.0f} MB told, {float(run.stdout):.0f} MB taken")
    assert 0.6 * told.memory < float(run.stdout) < told.memory
    state = sum(path.stat().st_size for path in tmp_path.iterdir()) / 1e6
    assert state < told.disk


def test_who_goes_on_is_held_to_what_may_be_begun(trainings: Trainings) -> None:
    stopped = []
    for _ in range(3):
        job, _ = trainings.begin(PLAN, OWNER)
        trainings.ask(job.id, OWNER, "stop")
        stopped.append(job.id)
    for _ in range(3):
        trainings.begin(PLAN, OWNER)
    for job_id in stopped:
        with pytest.raises(ValueError, match="you have 3 trainings that run, wait or pause"):
            trainings.ask(job_id, OWNER, "resume")
    trainings.begin(PLAN, OTHER)
    other = trainings.owned(OTHER)[0]["id"]
    trainings.ask(other, OTHER, "pause")
    trainings.begin(PLAN, "y" * 32)
    with pytest.raises(ValueError, match="queue of trainings is full"):
        trainings.ask(other, OTHER, "resume")
    with pytest.raises(ValueError, match="only the one who started"):
        trainings.ask(other, OWNER, "resume")


def test_a_paused_one_may_go_on_beside_the_others_that_may_be(trainings: Trainings) -> None:
    jobs = [trainings.begin(PLAN, OWNER)[0].id for _ in range(3)]
    trainings.ask(jobs[0], OWNER, "pause")
    assert trainings.ask(jobs[0], OWNER, "resume")["state"] == "queued"


def test_an_address_has_its_share_whoever_owns_them(tmp_path: Path) -> None:
    """An owner's token can be made up anew."""
    settings = Config(trainings=tmp_path, public=True, rate_trainings=100, training_queue=16)
    trainings = Trainings(settings)
    begun = [trainings.begin(PLAN, f"{n:016}", client="8.8.8.8")[0].id for n in range(4)]
    with pytest.raises(ValueError, match="4 trainings from your address run, wait or pause"):
        trainings.begin(PLAN, OWNER, client="8.8.8.8")
    trainings.begin(PLAN, OWNER, client="9.9.9.9")
    trainings.ask(begun[0], f"{0:016}", "stop")
    trainings.begin(PLAN, f"{4:016}", client="8.8.8.8")
    with pytest.raises(ValueError, match="4 trainings from your address"):
        trainings.ask(begun[0], f"{0:016}", "resume")
    trainings.store.close()


def test_what_all_and_what_one_may_take_of_the_disk(tmp_path: Path) -> None:
    each = needs_of(PLAN).disk
    settings = Config(
        trainings=tmp_path, trainings_each_mb=int(2.5 * each), trainings_mb=int(3.5 * each)
    )
    trainings = Trainings(settings)
    for _ in range(2):
        trainings.begin(PLAN, OWNER)
    with pytest.raises(ValueError, match="your trainings may take"):
        trainings.begin(PLAN, OWNER)
    trainings.begin(PLAN, OTHER)
    with pytest.raises(ValueError, match="no room for another training"):
        trainings.begin(PLAN, "y" * 32)
    trainings.store.settle(trainings.store.claim().id, FINISHED)  # type: ignore[union-attr]
    trainings.begin(PLAN, "y" * 32)  # a finished one keeps less
    trainings.store.close()


def test_after_a_restart_the_settings_of_then_hold(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    slow = Plan(DataChoice("digits"), "bundled")
    jobs = [store.add(plan, OWNER) for plan in (HUGE, slow)]
    app = Supervisor(store, grants=Grants(hours=0.5, memory=2000))
    app.tick()
    app.tick()
    app.tick()
    huge, long = (store.get(job.id) for job in jobs)
    assert (huge.state, long.state) == (FAILED, FAILED)
    assert "choose fewer channels or a smaller batch" in huge.message
    assert "may take 30 minutes here" in long.message
    assert app.children == {}
    store.close()


@pytest.mark.parametrize("nice", [3, 19])
def test_a_training_gives_way_as_it_is_set(
    tmp_path: Path, forks: Path, monkeypatch: pytest.MonkeyPatch, nice: int
) -> None:
    monkeypatch.setattr(supervising, "subprocess", forking(forks))
    store = JobStore(tmp_path)
    job = store.add(Plan(DataChoice("digits"), "tiny"), OWNER)
    settings = Config(trainings=tmp_path, training_nice=nice)
    store.close()
    trainings = Trainings(settings)
    app = trainings.supervisor
    app.tick()
    child = app.children.pop(job.id)
    try:
        set_to = min(19, os.nice(0) + nice)
        eventually(lambda: os.getpriority(os.PRIO_PROCESS, child.pid) == set_to)
    finally:
        child.kill()
        supervising.bury(child)
        trainings.store.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_training_is_held_to_it_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where what was told is wrong: here nothing is told."""
    monkeypatch.setattr(supervising, "check_granted", lambda *_: None)
    large = Plan(DataChoice("digits"), "tiny", config={"batch": 4096})
    bound = 500.0
    assert needs_of(large).memory > 2 * bound
    store = JobStore(tmp_path)
    job = store.add(large, OWNER)
    app = Supervisor(store, threads=1, grants=Grants(memory=bound), nice=0)
    app.tick()
    child, status = app.children[job.id], {}

    def ended() -> bool:
        with suppress(OSError, LookupError):  # LookupError: it has ended, but not gone
            text = Path(f"/proc/{child.pid}/status").read_text()
            peak, code = (int(text.split(f)[1].split()[0]) for f in ("VmHWM:", "RssFile:"))
            status["peak"] = (peak - code) * 1024 / 1e6
        return child.poll() is not None

    try:
        eventually(ended)
    finally:
        child.kill()
        child.wait()
    app.tick()
    app.close()
    print(f"{status['peak']:.0f} MB at most")
    # Code that is loaded later comes to it: how much depends on what the processor knows.
    assert status["peak"] < bound
    now = store.get(job.id)
    assert (now.state, now.message) == (
        FAILED,
        "there is not enough memory for this: choose fewer channels or a smaller batch",
    )
    store.close()


def test_the_command_line_asks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train, "available_memory", lambda: 4000.0)
    words = ["train", "--data", "digits", "--channels", "256,256,256", "--blocks", "1,1,1"]
    assert main([*words, "--batch", "4096", "--folder", str(tmp_path)]) == 2
    assert "there are 4,000 MB for it" in capsys.readouterr().err
