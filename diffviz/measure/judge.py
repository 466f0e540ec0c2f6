"""The judges: small classifiers whose features and verdicts measure a denoiser's samples.

    python -m diffviz make NAME-judge

trains one and writes it to checkpoints/judge (diffviz/measure/judge_training.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from diffviz.checkpoints import FOLDER
from diffviz.data.source import Subject
from diffviz.device import send

# What the weights of judges of two resolutions were called.
RENAMED = {
    "fine.": "blocks.0.",
    "coarse.": "blocks.1.",
    "down.weight": "down.0.weight",
    "down.bias": "down.0.bias",
}


def path_of(subject: Subject) -> Path:
    """In a folder of its own: what lies beside the denoisers would be taken for one."""
    return FOLDER / "judge" / f"{subject.name}.safetensors"


class Verdict(NamedTuple):
    """features: (B, D), what the last layer sees; logits: for each slot (B, values)."""

    features: Tensor
    logits: tuple[Tensor, ...]


class Block(nn.Module):
    """Two convolutions around a shortcut (He et al. 2016, "Identity mappings", figure 1b)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.relu(self.norm1(x)))
        out: Tensor = x + self.conv2(F.relu(self.norm2(h)))
        return out


class Judge(nn.Module):
    """(B, C, H, W) in −1..1 → a Verdict. A residual network on patches of pixels folded into
    channels, with a block at each of its resolutions."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        width, (channels, *_, side) = subject.channels, subject.info.shape
        self.patch = subject.patch
        self.slots = subject.info.slots
        self.values = [len(slot.values) for slot in self.slots]
        self.region = side // self.patch // 2 ** (len(width) - 1) // subject.regions
        self.stem = nn.Conv2d(self.patch**2 * channels, width[0], 3, padding=1)
        self.blocks = nn.ModuleList(map(Block, width))
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in pairwise(width)
        )
        self.norm = nn.BatchNorm2d(width[-1])
        self.head = nn.Linear(width[-1] * subject.regions**2, sum(self.values))

    def forward(self, x: Tensor) -> Verdict:
        h = self.blocks[0](self.stem(F.pixel_unshuffle(x, self.patch)))
        for down, block in zip(self.down, self.blocks[1:], strict=True):
            h = block(down(F.relu(h)))
        # Not mean(): its gradient is not channels_last, and slows all convolutions before it.
        features = F.avg_pool2d(F.relu(self.norm(h)), self.region).float().flatten(1)
        return Verdict(features, self.head(features).split(self.values, dim=1))


@torch.no_grad()
def verdict(judge: Judge, x0: Tensor, batch: int = 500) -> Verdict:
    """What the judge makes of many pictures (N, C, H, W) in −1..1, in float32, on the CPU."""
    device = judge.head.weight.device
    parts = [
        judge(send(part, device).contiguous(memory_format=torch.channels_last))
        for part in torch.split(x0, batch)
    ]
    logits = zip(*(part.logits for part in parts), strict=True)
    return Verdict(
        torch.cat([part.features for part in parts]).cpu(),
        tuple(torch.cat(slot).cpu() for slot in logits),
    )


def verdicts(judge: Judge, parts: Iterable[tuple[Tensor, Tensor]]) -> tuple[Verdict, Tensor]:
    """The same of pictures that come in parts, with the conditions that come with them, (N, slots),
    for more pictures than fit into memory."""
    found = [(verdict(judge, x0), condition) for x0, condition in parts]
    seen, conditions = zip(*found, strict=True)
    logits = zip(*(part.logits for part in seen), strict=True)
    features = torch.cat([part.features for part in seen])
    return Verdict(features, tuple(map(torch.cat, logits))), torch.cat(conditions)


def obeyed(logits: Sequence[Tensor], condition: Tensor) -> Tensor:
    """Whether the likeliest value of each slot is the one in the condition. (N, slots) int64, 0 for
    "not said", which anything obeys → (N, slots) bool."""
    seen = torch.stack([slot.argmax(dim=1) + 1 for slot in logits], dim=1)
    return (seen == condition) | (condition == 0)


def accuracy(logits: Sequence[Tensor], condition: Tensor) -> dict[int, float]:
    """For each slot, the share of pictures in which what is said of it is seen."""
    right = obeyed(logits, condition)
    return {
        slot: right[said, slot].double().mean().item()
        for slot, said in enumerate((condition != 0).T)
        if said.any()
    }


def load_judge(subject: Subject) -> Judge:
    """The judge, ready to run. Raises ValueError, saying how to make it, where it is not there."""
    judge = Judge(subject)
    try:
        judge.load_state_dict(
            {_renamed(name): value for name, value in load_file(path_of(subject)).items()}
        )
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ValueError(
            f"the judge {path_of(subject)} cannot be read: make it with `{subject.command}`"
        ) from error
    judge = judge.float().eval().requires_grad_(False)
    return judge.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _renamed(name: str) -> str:
    for old, new in RENAMED.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name
