"""What is asked of a training, from the page, a program or the command line, and its beginning."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from diffviz.checkpoints import FOLDER, Card, Checkpoint, load_checkpoint
from diffviz.data import DATA_SETS, DataChoice
from diffviz.device import CPU
from diffviz.media.registry import medium
from diffviz.networks import kind_of, network_for
from diffviz.settings import unknown
from diffviz.training.config import TrainConfig
from diffviz.training.files import Order
from diffviz.training.presets import BUNDLED, PRESETS
from diffviz.training.samples import load_samples
from diffviz.training.trainer import Trainer

OWN = "own"


@dataclass(frozen=True)
class Plan:
    """data: which pictures. preset: an entry of PRESETS. start: the denoiser whose weights to start
    from, "" for random ones. network, config: what differs from the preset, fields of the network's
    config and of TrainConfig. rounds: how often it is gone through, having finished."""

    data: DataChoice
    preset: str = BUNDLED
    start: str = ""
    network: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    rounds: int = 1

    def check(self) -> None:
        """Raises ValueError, in a sentence, for what is unknown or out of bounds. Pictures and
        weights are looked at no sooner than in `begin`."""
        check_data(self.data)
        if self.preset not in PRESETS:
            raise ValueError(unknown("preset", self.preset, PRESETS))
        kind = medium(DATA_SETS[self.data.name].medium).network
        kind_of(kind).parse(self.shape(kind)).check_trainable()
        self.settings()

    def shape(self, kind: str) -> dict[str, Any]:
        """What the preset and the plan set of a network of that kind."""
        return {**PRESETS[self.preset].network.get(kind, {}), **self.network}

    def settings(self) -> TrainConfig:
        """Of all rounds together."""
        once = TrainConfig(**{**PRESETS[self.preset].config, **self.config})
        if self.rounds == 1:
            return once
        return once.but(images=once.images * self.rounds, hours=once.hours * self.rounds)


def begin(
    plan: Plan, name: str, command: str, folder: Path = FOLDER, device: torch.device = CPU
) -> tuple[Order, Trainer]:
    """A new training of a denoiser called `name`. command: what to run for the same, for the card.
    folder: where the denoiser to start from lies. device: what trains.

    Raises ValueError or FileNotFoundError, in a sentence, for a plan that cannot be.
    """
    plan.check()
    data = load_samples(plan.data, device)
    usual = network_for(data.info)
    network = usual.changed(plan.shape(usual.kind))
    config, weights, started_from = plan.settings(), None, {}
    if plan.start:
        checkpoint = load_checkpoint(plan.start, folder)
        config = config.but(parametrization=agreed_parametrization(plan, checkpoint))
        try:
            network = checkpoint.card.adapted_to(data.info)
        except ValueError as error:
            raise ValueError(
                f"{plan.start!r} {error}: start from another denoiser, or from random weights"
            ) from error
        weights = checkpoint.network.state_dict()
        started_from = lineage(checkpoint.card)
    order = Order(name, plan.data, command, config, network, started_from)
    trainer = Trainer(data, network, config, weights, device=device)
    trainer.started_from = started_from
    return order, trainer


def lineage(card: Card) -> dict[str, Any]:
    """What the card of a denoiser that starts from this one's weights says of it."""
    return {
        "name": card.name,
        "images_seen": card.images_seen,
        "cpu_hours": card.cpu_hours,
        "command": card.training.get("command", ""),
        **({"started_from": card.started_from} if card.started_from else {}),
    }


def name_of(plan: Plan) -> str:
    """What its denoiser is called."""
    return f"my-{plan.data.name}"


def title(plan: Plan) -> str:
    """What it is, in a few words."""
    pictures = "own pictures" if plan.data.name == OWN else plan.data.name
    chosen = f" ({', '.join(plan.data.classes)})" if plan.data.classes else ""
    started = f", from {plan.start}" if plan.start else ""
    return f"{pictures}{chosen} · {plan.preset}{started}"


def command_of(plan: Plan) -> str:
    """The command that trains the same in the foreground."""
    words = ["python -m diffviz train", "--preset", plan.preset]
    own = plan.data.name == OWN
    words += ["--pictures FILES"] if own else ["--data", plan.data.name]
    if plan.data.classes:
        words += ["--classes", *map(shlex.quote, plan.data.classes)]
    if plan.data.crop:
        words += ["--crop", str(plan.data.crop)]
    if plan.start:
        words += ["--from", plan.start]
    for name, values in plan.network.items():
        words += [f"--{name}", ",".join(map(str, values))]
    config = dict(plan.config)
    if plan.rounds > 1:
        settings = plan.settings()
        config |= {"images": settings.images, "hours": settings.hours}
    for name, value in config.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return " ".join(words)


def check_data(choice: DataChoice) -> None:
    """Raises ValueError, in a sentence, for a data set or a class of it that there is not, or crops
    of one that has none."""
    if choice.name not in DATA_SETS:
        raise ValueError(unknown("data set", choice.name, DATA_SETS))
    if choice.crop and not DATA_SETS[choice.name].parts:
        raise ValueError(f"{choice.name} is learned whole, without crops")
    known = DATA_SETS[choice.name].classes()
    if strangers := [name for name in choice.classes if name not in known]:
        there = f"choose from {', '.join(known)}" if known else "this data set has none"
        raise ValueError(f"unknown class {strangers[0]!r}; {there}")


def agreed_parametrization(plan: Plan, checkpoint: Checkpoint) -> str:
    """What the network to start from predicts; raises ValueError where the plan says another."""
    trained = checkpoint.card.parametrization
    if plan.config.get("parametrization", trained) != trained:
        raise ValueError(
            f"{plan.start!r} was trained to predict {trained}; leave the parametrization out"
        )
    return trained
