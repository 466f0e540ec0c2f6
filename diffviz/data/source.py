"""A source of training data, as the registry has it: all that the rest must know of it.

Nothing heavy is imported before it is needed: what needs tensors is behind a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from diffviz.data.base import DataInfo, DataSet, Slot
    from diffviz.data.labelled import Labelled
    from diffviz.data.language import Understood

DEFAULT = "fashion"  # the data set, and the bundled denoiser of it, where none is named
GENERAL = "photos"  # likewise, for anybody's picture
MAX_SAMPLES = 50_000  # of an evaluation


@dataclass(frozen=True)
class DataChoice:
    """Which samples to train on.

    name: of an entry of DATA_SETS. classes: those of it to keep, all where it is empty. path: of
    the file with one's own pictures, for an entry that reads one. crop: side of samples that are
    parts of larger pictures, in pixels; the entry's own where it is 0.
    """

    name: str = DEFAULT
    classes: tuple[str, ...] = ()
    path: str = ""
    crop: int = 0

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> DataChoice:
        """As JSON has it, to which a tuple is a list."""
        return cls(**{**fields, "classes": tuple(fields["classes"])})


@dataclass(frozen=True)
class Words:
    """How people say a condition, a mapping of slots to values.

    understand, sentence: from words to a condition and back; dice: a random condition, as people
    would say it. example, negative: what a page begins with, and proposes to steer away from;
    of_a_picture: what to make of somebody's picture.
    unseen: combinations that no training sample has; beside_unseen: for one of them, a slot, and up
    to so many values of it that go with the rest, the last one the unseen one.
    """

    slots: tuple[Slot, ...]
    understand: Callable[[str], Understood]
    sentence: Callable[[Mapping[str, str]], str]
    dice: Callable[[Generator], dict[str, str]]
    example: str
    negative: str = ""
    of_a_picture: str = ""
    unseen: tuple[Mapping[str, str], ...] = ()
    beside_unseen: Callable[[Mapping[str, str], int], tuple[str, list[str]]] | None = None


@dataclass(frozen=True)
class Subject:
    """What a judge knows: how it is built, and the pictures that it learns and is tested on, with
    their conditions (N, slots).

    info: of the pictures; its slots are what the judge sees. channels: of each of its resolutions,
    the finest first. regions: its features are means over so many squares of the picture each way.
    pictures: how many it learns from. batches: of a size, for ever. test: in parts.
    patch: side of the square of pixels that is folded into channels. noise: it learns from pictures
    with up to so much of it, as what a denoiser makes may be a little noisy. autoencoder: half of
    them came through it, where it is there, as all that denoisers of its latents make.
    """

    info: DataInfo
    channels: tuple[int, ...]
    regions: int
    pictures: int
    batches: Callable[[int, Generator], Iterator[tuple[Tensor, Tensor]]]
    test: Callable[[], Iterable[tuple[Tensor, Tensor]]]
    patch: int = 2
    noise: float = 0.0
    autoencoder: str = ""

    @property
    def name(self) -> str:
        return f"{self.info.name}-judge"

    @property
    def command(self) -> str:
        return f"python -m diffviz make {self.name}"


@dataclass(frozen=True)
class Asked:
    """What samples are asked for. condition: what the denoiser is told, (N, columns). shown: what
    the judge has to see in them, (N, slots), 0 where anything will do."""

    condition: Tensor
    shown: Tensor


@dataclass(frozen=True)
class Reference:
    """What samples are asked for and measured against.

    true: real pictures; known: as many as there are samples, which show how near one can come; both
    in parts, with conditions, as a Subject's. held_out: by their names, combinations that no
    training picture had.
    """

    asked: Asked
    true: Iterable[tuple[Tensor, Tensor]]
    known: Iterable[tuple[Tensor, Tensor]]
    held_out: Mapping[str, Asked] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """Pictures that samples are compared with: is one a copy?

    levels: (N, C, H, W) uint8. shown: those of some rows
    (n,) as a page shows them, (n, C, H, W) in −1..1. says: what each shows. called: one of them.
    among: what they are to a denoiser.
    """

    levels: Tensor
    shown: Callable[[Tensor], Tensor]
    says: Sequence[str]
    called: str
    among: str


@dataclass(frozen=True)
class Compared:
    """What samples are compared with where what was learned from does not all ship, or is large.

    shape: of pictures as they are compared, smaller than samples by a whole factor.
    """

    shape: tuple[int, ...]
    load: Callable[[], Known]


@dataclass(frozen=True)
class Indexed:
    """Pictures that samples are compared with: is one a copy? file: of the index, made of the split
    "train"; what a distance means is told by those of the split "test"."""

    name: str
    info: DataInfo
    file: Path
    split: Callable[[str], Labelled]


@dataclass(frozen=True)
class Optimum:
    """The training data's own exact denoiser. says: what to expect of it; exact: the same of one
    look at x_t, in a sentence."""

    label: str
    says: str
    exact: str
    load: Callable[[], tuple[Tensor, Tensor]]  # samples (N, …), and conditions (N, 1)


@dataclass(frozen=True)
class Shipped:
    """A file that ships with diffviz. make: writes it and returns its size in bytes."""

    name: str
    help: str
    make: Callable[[], int]


@dataclass(frozen=True)
class DataSource:
    """load: reads the training samples of a choice; raises FileNotFoundError or ValueError, in a
    sentence. classes: those that can be chosen from, without reading any sample.

    autoencoder: of whose latents denoisers of it are; `load` gives pictures all the same.
    medium: of MEDIA. shape, slots: of the largest samples that it gives, and how many things they
    can be conditioned on, as far as is known before they are read. things, knows: what a denoiser
    of it was "trained on" and "only knows", in a few words; says: what such a denoiser makes of any
    picture, a sentence or two.
    condition: what to ask for first. guidance, sampler: with which runs of it begin, where the
    usual ones serve worse. network: fields of its network that differ from the usual.
    judge: what measures samples. reference: for so many samples. held_out: pictures (C, H, W) that
    no training saw, of any size, on which denoising is measured. nearest: the index of its training
    pictures; compared: what stands for them; without either it is made of those that are learned
    from, but where these are `parts` of larger ones, whose places have no end. judge_help,
    nearest_help: what `make` says of them.
    """

    name: str
    label: str
    load: Callable[[DataChoice], DataSet]
    classes: Callable[[], Sequence[str]] = tuple
    medium: str = "picture"
    shape: tuple[int, ...] = (3, 32, 32)
    slots: int | None = None
    things: str = ""
    knows: str = ""
    says: str = ""
    condition: Mapping[str, str] = field(default_factory=dict)
    guidance: float | None = None
    sampler: str | None = None
    network: Mapping[str, Any] = field(default_factory=dict)
    autoencoder: str = ""
    words: Callable[[], Words] | None = None
    judge: Callable[[], Subject] | None = None
    judge_help: str = ""
    reference: Callable[[int], Reference] | None = None
    held_out: Callable[[], Sequence[Tensor]] | None = None
    nearest: Callable[[], Indexed] | None = None
    nearest_help: str = ""
    compared: Compared | None = None
    parts: bool = False
    optimum: Optimum | None = None
    ships: tuple[Shipped, ...] = ()
    needs: str = ""  # what `make` and `evaluate` read that does not ship
