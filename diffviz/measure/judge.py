"""The judges: small classifiers whose features and verdicts measure a denoiser's samples.

    python -m diffviz make NAME-judge

trains one on true pictures and writes it to checkpoints/judge.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn

from diffviz.checkpoints import FOLDER
from diffviz.cpu.precision import fastest_dtype
from diffviz.data.source import Subject
from diffviz.device import CPU, autocast, autocast_dtype, send
from diffviz.parametrization import per_image
from diffviz.storage import write_whole

BATCH, LEARNING_RATE, WEIGHT_DECAY = 128, 5e-3, 1e-2
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


def train_judge(
    subject: Subject,
    batches: Iterator[tuple[Tensor, Tensor]],
    pictures: int,
    device: torch.device = CPU,
) -> Iterator[tuple[int, float, Judge]]:
    """Train a judge, yielding (pictures seen, mean loss since, judge) at every tenth of the way.

    A slot of which nothing is said in a picture teaches nothing there.
    """
    # nn.Module's initialisation knows no other generator; and noise is drawn where it is needed.
    torch.manual_seed(0)
    judge = Judge(subject).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(judge.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = max(10, pictures // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps + 1, pct_start=0.2
    )
    dtype = fastest_dtype() if device.type == "cpu" else autocast_dtype(device)
    judge.train()
    seen, count = 0, 0
    total = torch.zeros((), device=device)
    for step in range(1, steps + 1):
        x, condition = (send(part, device) for part in next(batches))
        if subject.noise:
            amount = subject.noise * torch.rand(len(x), device=device)
            x = x + per_image(amount, x) * torch.randn_like(x)
        with autocast(device, dtype):
            logits = judge(x.contiguous(memory_format=torch.channels_last)).logits
        loss = torch.stack(
            [
                F.cross_entropy(slot.float(), value - 1, ignore_index=-1)
                for slot, value in zip(logits, condition.T, strict=True)
            ]
        ).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        seen, total, count = seen + len(x), total + loss.detach(), count + 1
        if step * 10 // steps > (step - 1) * 10 // steps:
            yield seen, total.item() / count, judge.eval()
            judge.train()
            total, count = torch.zeros_like(total), 0


def make_judge(
    subject: Subject, report: Callable[[str], None], path: Path, device: torch.device = CPU
) -> dict[str, float]:
    """Train the judge and write it with its card; returns its accuracy, slot by slot, on pictures
    for the test."""
    started, cpu = time.monotonic(), time.process_time()
    judge = Judge(subject)
    batches = subject.batches(BATCH, Generator().manual_seed(0))
    for seen, loss, judge in train_judge(subject, batches, subject.pictures, device):  # noqa: B007
        report(f"{seen:,} pictures: loss {loss:.3f}, {time.monotonic() - started:.0f} s")
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in judge.state_dict().items()
    }
    judge.load_state_dict(weights)  # measured as it will be loaded: rounded to float16
    found, condition = verdicts(judge.eval(), subject.test())
    shares = accuracy(found.logits, condition)
    right = {subject.info.slots[slot].name: round(share, 4) for slot, share in shares.items()}
    card = {
        "name": subject.name,
        "accuracy": right,
        "measured_on": f"{len(condition):,} pictures that it was not trained on",
        "trained_on": f"{subject.pictures:,} pictures",
        "command": subject.command,
        "device": device.type,
        "cpu_hours": round((time.process_time() - cpu) / 3600, 3),
        "licence": subject.info.licence,
        "credit": subject.info.credit,
    }
    write_whole(path, lambda temporary: save_file(weights, temporary))
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".json"), lambda temporary: temporary.write_text(text, "utf-8"))
    return right


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
