"""The plane for visitors: clouds, denoisers' weights and runs, as the page is sent them."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffviz.checkpoints import Card, Checkpoint
from diffviz.cpu.vectors import flatten_parameters
from diffviz.data.plane.clouds import Cloud, places_of_picture
from diffviz.forward import StreamedNoise
from diffviz.measure.plane import numbers
from diffviz.media.levels import fingerprint
from diffviz.networks.dense import DenseConfig
from diffviz.runs.plane import (
    LEARNED,
    YOURS,
    PlaneSettings,
    ready_made,
    run_points,
)
from diffviz.runs.plane_branches import Branch, run_branches
from diffviz.samplers import SAMPLERS, Step
from diffviz.serving.engine import Engine
from diffviz.serving.frames import outside
from diffviz.serving.ticket import Ticket
from diffviz.settings import check_bounds
from diffviz.training.points import PointsTraining

MOST_STATES = 65  # of a run that are sent; of more the most evenly spaced
MOST_SIDE = 512  # of a picture whose dark pixels become points
CHUNK = 8  # states in a message


def sent(values: Tensor, dtype: str = "<f2") -> str:
    """Little-endian numbers in base64: float16, or what else dtype says."""
    flat = np.ascontiguousarray(values.detach().cpu().numpy().astype(dtype))
    return base64.b64encode(flat.tobytes()).decode()


def cloud_sent(cloud: Cloud) -> dict[str, Any]:
    """A cloud as the page takes it."""
    return {
        "name": cloud.name,
        "count": len(cloud.points),
        "points": sent(cloud.points, "<f4"),
        "kinds": sent(cloud.kinds, "u1"),
        "classes": cloud.classes,
        "modes": cloud.modes.tolist(),
        "spread": cloud.spread,
        "line": cloud.line,
    }


def dark_places(told: Any) -> dict[str, Any]:
    """Points on the dark pixels of a grey picture that a page sends, as a drawing has them. Raises
    ValueError, in a sentence, for one that has none, or is too large."""
    width, height = int(told["width"]), int(told["height"])
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ValueError(f"a picture here has at most {MOST_SIDE} pixels a side")
    try:
        levels = np.frombuffer(base64.b64decode(told["levels"], validate=True), np.uint8)
        levels = levels.reshape(height, width)
    except (binascii.Error, ValueError) as error:
        raise ValueError("this is not a picture as the page sends it") from error
    return {"places": places_of_picture(levels)}


def network_sent(checkpoint: Checkpoint) -> dict[str, Any]:
    """A denoiser that the page evaluates itself: its weights, layer after layer, and what else it
    must know of them."""
    card, network = checkpoint.card, checkpoint.network
    if not isinstance(card.network, DenseConfig):
        raise ValueError("only plain networks are sent to the page")
    weights = torch.cat([value.detach().flatten() for value in network.parameters()])
    return {
        "width": card.network.width,
        "depth": card.network.depth,
        "slots": card.network.slots,
        "parametrization": card.parametrization,
        "range": card.ratio_range,
        "weights": sent(weights, "<f4"),
    }


def network_received(told: Any, cloud: Cloud) -> Checkpoint:
    """The denoiser of a cloud whose weights a page sends back. Raises ValueError where they are
    not such a network's."""
    try:
        fields = {name: told[name] for name in ("width", "depth", "parametrization")}
        low, high = (float(end) for end in told["range"])
        raw = base64.b64decode(told["weights"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError("these are no weights of a denoiser; train it again") from error
    checked = PointsTraining(**fields)
    config = DenseConfig.suited_to(cloud.info).changed(
        {"width": checked.width, "depth": checked.depth}
    )
    network = config.build().requires_grad_(False)
    weights = flatten_parameters(network)
    if len(raw) != 4 * len(weights):
        raise ValueError("this denoiser was trained on data of other classes; train it again")
    values = torch.from_numpy(np.frombuffer(raw, "<f4").copy())
    if not (values.isfinite().all() and 0 < low < high < math.inf):
        raise ValueError("these are no weights of a denoiser; train it again")
    weights.copy_(values)
    card = Card(YOURS, config, checked.parametrization, cloud.info, (low, high), 0, 0.0)
    return Checkpoint(card, network.eval())


class Walk(NamedTuple):
    """A run, checked and ready for its turn. beside: a sampler that walks from the same noise."""

    settings: PlaneSettings
    cloud: Cloud
    checkpoint: Checkpoint | None
    beside: str = ""

    @property
    def lanes(self) -> list[PlaneSettings]:
        if not self.beside:
            return [self.settings]
        return [self.settings, self.settings.but(sampler=self.beside, sampler_parameters={})]

    @property
    def outside(self) -> int:
        """How many steps are outside the noise that the network was trained on; of an exact
        denoiser none."""
        checkpoint = self.checkpoint
        if self.settings.denoiser == LEARNED:
            checkpoint = ready_made(self.settings.data)
        if checkpoint is None:
            return 0
        schedule = self.settings.noise_schedule()
        grid = schedule.grid(self.settings.steps, self.settings.spacing)
        return outside(schedule, grid, checkpoint.card.ratio_range)

    def run(self) -> Iterator[Step]:
        """Of the settings' own sampler."""
        return run_points(self.settings, self.checkpoint, self.cloud)


def prepare(request: Any) -> Walk:
    """{"settings", "network" or none, "beside" or none} of a page, checked. Raises ValueError, in
    a sentence."""
    settings = PlaneSettings(**request["settings"])
    cloud = settings.cloud()
    checkpoint = None
    if settings.denoiser == YOURS and request.get("network"):
        checkpoint = network_received(request["network"], cloud)
    walk = Walk(settings, cloud, checkpoint, str(request.get("beside") or ""))
    for lane in walk.lanes:
        run_points(lane, checkpoint, cloud)  # what cannot be is told before its turn
    return walk


def walked(walk: Walk, engine: Engine, ticket: Ticket) -> Iterator[dict[str, Any]]:
    """Messages for the page: {"start"}, {"states"} of each lane in turn, and the {"end"}."""
    settings, schedule = walk.settings, walk.settings.noise_schedule()
    grid = schedule.grid(settings.steps, settings.spacing)
    kept = evenly(len(grid), MOST_STATES)
    noise = StreamedNoise(settings.seed, settings.count, (2,))()
    yield {
        "start": {
            "count": settings.count,
            "steps": settings.steps,
            "t": [grid[index] for index in kept],
            "lanes": [SAMPLERS[lane.sampler].label for lane in walk.lanes],
            "eps": sent(noise),
            "outside": walk.outside,
        }
    }
    ends = []
    for number, lane in enumerate(walk.lanes):
        waiting: list[Tensor] = []
        steps = engine.pieces(run_points(lane, walk.checkpoint, walk.cloud), ticket)
        for step in steps:
            if step.index in kept:
                waiting.append(shown(step))
            if waiting and (len(waiting) == CHUNK or step.index == settings.steps):
                states, waiting = sent(torch.stack(waiting)), []
                yield {"states": {"lane": number, "xs": states}}
        measured = next(engine.pieces(measuring(step.x, walk.cloud, settings.what), ticket))
        ends.append({"nfe": step.nfe, "fingerprint": fingerprint(step.x), "numbers": measured})
    yield {"end": ends}


class Parted(NamedTuple):
    """A walk, and where its ways part; place: among the states that a page is sent."""

    walk: Walk
    branch: Branch
    place: int


def prepare_branches(request: Any) -> Parted:
    """As `prepare`, with {"place", "samples", "each", "seed"} of the branch. Raises ValueError."""
    walk = prepare({**request, "beside": None})
    settings = walk.settings
    kept = evenly(settings.steps + 1, MOST_STATES)
    check_bounds("place", request["place"], 0, len(kept) - 2, whole=True)
    place = int(request["place"])
    samples = tuple(request["samples"])
    branch = Branch(kept[place], samples, request["each"], request["seed"])
    branch.check(settings)
    return Parted(walk, branch, place)


def branched(parted: Parted, engine: Engine, ticket: Ticket) -> Iterator[dict[str, Any]]:
    """One message for the page, {"branches"}: the states from where the ways part on."""
    walk, branch, place = parted
    kept = evenly(walk.settings.steps + 1, MOST_STATES)
    ways = run_branches(walk.settings, branch, walk.checkpoint, walk.cloud)
    states = [shown(step) for step in engine.pieces(ways, ticket) if step.index in kept]
    yield {
        "branches": {
            "place": place,
            "samples": branch.samples,
            "each": branch.each,
            "xs": sent(torch.stack(states)),
        }
    }


def measuring(x: Tensor, cloud: Cloud, what: str) -> Iterator[dict[str, Any]]:
    yield numbers(x, cloud, what)


def shown(step: Step) -> Tensor:
    """x_t scaled to α² + σ² = 1, as all of the page is, (N, 2)."""
    return step.x / math.hypot(step.alpha, step.sigma)


def evenly(length: int, most: int) -> list[int]:
    """At most so many indices of 0 … length − 1, the first and the last among them."""
    return sorted({round(i) for i in np.linspace(0, length - 1, min(most, length)).tolist()})


def learned(data: str) -> dict[str, Any]:
    """The ready-made denoiser of a shape, for the page."""
    return network_sent(ready_made(data))
