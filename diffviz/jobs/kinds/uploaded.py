"""A denoiser that was trained elsewhere and uploaded, as a job: what it draws is drawn once."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import torch

from diffviz.checkpoints import Card, Checkpoint, load_checkpoint, save_card
from diffviz.data import DATA_SETS, source_of
from diffviz.data.own.zips import SkipError, zip_entries
from diffviz.device import CPU
from diffviz.jobs.job import Job
from diffviz.jobs.kinds.kind import Kind
from diffviz.jobs.kinds.training import TRAINING, card_in
from diffviz.jobs.sheets import describe_sheet, draw_sheet, save_sheet
from diffviz.jobs.work import SHEETS, Ended, Work
from diffviz.networks.base import slots_of
from diffviz.training.needs import Needs, needs

if TYPE_CHECKING:
    from diffviz.jobs.store import JobStore

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
CARD_BYTES, WEIGHTS_BYTES = 2**20, 40 * 2**20
MOST_TEXT = 200  # letters of what a card says of its data
MOST_VALUES = 1000  # of a slot
SIDES = range(8, 65)  # of a picture
NOTHING = "a denoiser is uploaded as it was downloaded: a zip with NAME.safetensors and NAME.json"


@dataclass(frozen=True)
class Uploaded:
    """name: of the denoiser, whose files are in the job's folder. data: what it was trained on.
    megabytes: of its memory, and of its files."""

    name: str
    data: str
    memory: float
    disk: float

    def check(self) -> None:
        """It was, when it was taken."""


class UploadedKind(Kind[Uploaded]):
    name = "uploaded"
    beside = TRAINING.name
    plan = Uploaded

    def fields(self, plan: Uploaded) -> Mapping[str, Any]:
        return asdict(plan)

    def read(self, fields: dict[str, Any]) -> Uploaded:
        return Uploaded(**fields)

    def title(self, plan: Uploaded) -> str:
        return f"{plan.data} · uploaded"

    def hours(self, plan: Uploaded) -> float:
        return 0

    def needs(self, plan: Uploaded) -> Needs:
        return Needs(plan.memory, plan.disk, plan.disk)

    def denoiser(self, plan: Uploaded) -> str:
        return plan.name

    def told(self, job: Job, folder: Path) -> dict[str, Any]:
        card = card_in(folder, job.plan.name)
        return {
            "objective": card.parametrization if card else "",
            "ratios": [],
            "sheet": describe_sheet(card.data) if card else None,
            "credit": f"{card.data.credit} ({card.data.licence})" if card else "",
        }

    def work(self, store: JobStore, job: Job, ended: Ended, device: torch.device) -> Work:
        return Drawing(store, job, ended, device)


UPLOADED = UploadedKind()


class Drawing(Work):
    """Its one sheet."""

    def __init__(self, store: JobStore, job: Job, ended: Ended, device: torch.device = CPU) -> None:
        super().__init__(store, job, ended, device)
        self.checkpoint = load_checkpoint(job.plan.name, self.folder)

    def steps(self, threads: int) -> Iterator[None]:
        images = self.checkpoint.card.images_seen
        yield
        save_sheet(draw_sheet(self.checkpoint), self.folder / SHEETS / str(images))
        self.store.note_sample(self.job.id, images)
        self.store.note_saved(self.job.id, images)

    def save(self) -> None:
        """There is nothing to go on from."""


def take(path: Path, folder: Path) -> Uploaded:
    """Unpack a zip as `Trainings.denoiser_file` makes it, and check all of it; raises ValueError,
    in a sentence, and leaves nothing then."""
    try:
        files = _unpacked(path)
        names = {Path(place).stem for place in files}
        if {Path(place).suffix for place in files} != {".json", ".safetensors"} or len(names) != 1:
            raise ValueError(NOTHING)
        name = names.pop()
        if not NAME.fullmatch(name):
            raise ValueError("a denoiser's name has up to 64 letters, digits, - and _")
        folder.mkdir(parents=True)
        for place, content in files.items():
            (folder / Path(place).name).write_bytes(content)
        checkpoint = load_checkpoint(name, folder)
        if checkpoint.card.name != name:
            raise ValueError(NOTHING)
        check_taken(checkpoint)
        save_card(known_alone(checkpoint.card), folder)  # figures that nobody here has measured
        card = checkpoint.card
        memory = needs(card.network, card.data, batch=32).memory
        disk = sum(map(len, files.values())) / 1e6 + 1
        return Uploaded(name, card.data.name, memory, disk)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def check_taken(checkpoint: Checkpoint) -> None:
    """Raises ValueError, in a sentence, for what would not do here, whatever its card says."""
    card, data = checkpoint.card, checkpoint.card.data
    card.network.check_trainable()
    numbers = (card.images_seen, card.cpu_hours, data.sigma_data)
    if not all(type(n) in (int, float) and 0 <= n < 1e12 for n in numbers) or not data.sigma_data:
        raise ValueError("the card's numbers are none")
    if type(card.images_seen) is not int:
        raise ValueError("the card's numbers are none")
    if data.medium != "picture" or any(side not in SIDES for side in data.shape[1:]):
        raise ValueError(f"a denoiser here is of pictures of {SIDES[0]} to {SIDES[-1]} pixels")
    if math.prod(data.shape[1:]) > SIDES[-1] ** 2 or data.shape[0] not in (1, 3):
        raise ValueError("a denoiser here is of pictures in grey or colour")
    if slots_of(data) != card.network.slots:
        raise ValueError("the card's network and its data have other conditions")
    texts = [data.name, data.licence, data.credit, *(slot.name for slot in data.slots)]
    texts += [value for slot in data.slots for value in slot.values[:MOST_VALUES]]
    if not all(isinstance(text, str) and len(text) <= MOST_TEXT for text in texts):
        raise ValueError("the card's words are none, or too long")
    if any(len(set(slot.values)) != len(slot.values) or not slot.values for slot in data.slots):
        raise ValueError("the card has a condition twice")
    if any(len(slot.values) > MOST_VALUES for slot in data.slots) or len(data.slots) > 16:
        raise ValueError("the card has too many conditions")
    source = source_of(data)
    if data.name in DATA_SETS and source.words and source.words().slots != data.slots:
        raise ValueError(f"the card speaks of {data.name} in words that those do not have")
    if data.name in DATA_SETS and source.nearest and source.shape != data.shape:
        raise ValueError(f"{data.name} have pictures of another shape")
    if not all(value.isfinite().all() for value in checkpoint.network.state_dict().values()):
        raise ValueError("some of the weights are no numbers")


def known_alone(card: Card) -> Card:
    """Without what is said of a quality."""
    return replace(card, quality={})


def _unpacked(path: Path) -> dict[str, bytes]:
    """The files of a zip of two, by their places in it."""
    found = {}
    try:
        for place, read in zip_entries(path, 2, _read):
            found[place] = read()
    except SkipError as error:
        raise ValueError(f"this zip {error}" if "zip" not in str(error) else NOTHING) from error
    return found


def _read(place: str, file: IO[bytes], length: int) -> bytes:
    most = CARD_BYTES if place.endswith(".json") else WEIGHTS_BYTES
    if length > most:
        raise SkipError(f"holds a file of more than {most // 2**20} MB")
    return file.read(length)
