"""What a training takes of memory and disk, told from its plan before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from diffviz.autoencoders import medium_shown
from diffviz.checkpoints import load_card
from diffviz.data import DATA_SETS
from diffviz.data.base import DataInfo, Slot
from diffviz.networks import network_for
from diffviz.networks.base import NetworkConfig
from diffviz.networks.sizes import Sizes
from diffviz.training.plan import OWN, Plan

# Measured by peaks of resident memory, of trainings from 0.5 to 18.5 million weights and batches of
# 32 to 512, which come to 65 to 100 % of what is told here.
PROCESS_BYTES = 260e6  # Python, PyTorch, a data set
WEIGHT_BYTES = 60  # of each: itself, its average, moments, gradient and twin; and a state, to save
LATENT_BYTES = 150e6  # what latents are made of, and what makes them
KEPT_BYTES, SAMPLE_BYTES = 5.6, 100e3  # for each sample, and each number kept of it
# Of each weight on the disk: a state and the one before it, in float32 the weights, their average
# and two moments; a checkpoint and the one before it, in float16.
STATE_BYTES, CHECKPOINT_BYTES = 32, 4
SHEETS, SHEET_STEPS, SHEET_SAMPLES = 120, 2 * 13, 10  # kept, states on each, samples of each


OWN_BYTES = 5_000 * 3 * 32**2  # of one's own pictures, as many as may be uploaded


@dataclass(frozen=True)
class Needs:
    """memory, disk: at most, in MB. finished: what stays on the disk after it, in MB."""

    memory: float
    disk: float
    finished: float


def needs_of(plan: Plan) -> Needs:
    """Of a plan that was checked. Raises ValueError as `load_card` does."""
    source = DATA_SETS[plan.data.name]
    slot = Slot("any", tuple(map(str, range(10))))
    count = source.slots if source.slots is not None else 1
    info = DataInfo(
        *(source.name, source.shape, 0.5, (slot,) * count, "", "", source.medium),
        source.autoencoder,
    )
    usual = network_for(info)
    network = usual.changed(plan.shape(usual.kind))
    if plan.start:
        network = load_card(plan.start).adapted_to(info)
    found = needs(network, info, plan.settings().batch, plan.data.crop)
    own = OWN_BYTES / 1e6 if plan.data.name == OWN else 0
    return Needs(found.memory, found.disk + own, found.finished + own)


def needs(network: NetworkConfig, info: DataInfo, batch: int, crop: int = 0) -> Needs:
    """Of a network that is trained on samples of some data, or on crops of another side. Raises
    ValueError where the autoencoder that shows them is not there."""
    weights, kept = _sizes(network, info.shape)
    pixels = (crop / info.shape[-1]) ** 2 if crop else 1.0
    sample = KEPT_BYTES * kept * pixels + SAMPLE_BYTES
    memory = PROCESS_BYTES + WEIGHT_BYTES * weights + batch * sample
    memory += LATENT_BYTES if info.autoencoder else 0
    finished = CHECKPOINT_BYTES * weights + SHEETS * sheet_bytes(info)
    return Needs(memory / 1e6, (STATE_BYTES * weights + finished) / 1e6, finished / 1e6)


@lru_cache(64)
def sheet_bytes(info: DataInfo) -> int:
    """Of a sheet of samples, before it is compressed."""
    medium, one = medium_shown(info), torch.zeros(1, *info.shape)
    shown = SHEET_SAMPLES * medium.encode(one).numel()
    if medium.sent:
        return SHEET_STEPS * SHEET_SAMPLES * medium.sent(one).numel() + shown
    return SHEET_STEPS * shown


@lru_cache(64)
def _sizes(network: NetworkConfig, shape: tuple[int, ...]) -> Sizes:
    return network.sizes(shape)
