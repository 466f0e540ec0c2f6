"""The judges: small classifiers whose features and verdicts measure a denoiser's samples.

    python -m diffviz make NAME-judge

trains one on true pictures, in minutes, and writes it to checkpoints/judge.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
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
from diffviz.device import CPU, autocast
from diffviz.storage import write_whole

BATCH, LEARNING_RATE, WEIGHT_DECAY = 128, 5e-3, 1e-2


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
    """(B, C, H, W) in −1..1 → a Verdict. A residual network on 2 × 2 pixels folded into channels,
    one block at half the resolution and one at a quarter."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        fine, coarse = subject.channels
        self.values = [len(slot.values) for slot in subject.info.slots]
        self.region = subject.info.shape[-1] // 4 // subject.regions
        self.stem = nn.Conv2d(4 * subject.info.shape[0], fine, 3, padding=1)
        self.fine = Block(fine)
        self.down = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
        self.coarse = Block(coarse)
        self.norm = nn.BatchNorm2d(coarse)
        self.head = nn.Linear(coarse * subject.regions**2, sum(self.values))

    def forward(self, x: Tensor) -> Verdict:
        h = self.fine(self.stem(F.pixel_unshuffle(x, 2)))
        h = self.coarse(self.down(F.relu(h)))
        # Not mean(): its gradient is not channels_last, and slows all convolutions before it.
        features = F.avg_pool2d(F.relu(self.norm(h)), self.region).float().flatten(1)
        return Verdict(features, self.head(features).split(self.values, dim=1))


@torch.no_grad()
def verdict(judge: Judge, x0: Tensor, batch: int = 500) -> Verdict:
    """What the judge makes of many pictures (N, C, H, W) in −1..1, in float32."""
    parts = [
        judge(part.contiguous(memory_format=torch.channels_last)) for part in torch.split(x0, batch)
    ]
    logits = zip(*(part.logits for part in parts), strict=True)
    return Verdict(torch.cat([part.features for part in parts]), tuple(map(torch.cat, logits)))


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
    subject: Subject, batches: Iterator[tuple[Tensor, Tensor]], pictures: int
) -> Iterator[tuple[int, float, Judge]]:
    """Train a judge, yielding (pictures seen, mean loss since, judge) at every tenth of the way.

    A slot of which nothing is said in a picture teaches nothing there.
    """
    torch.manual_seed(0)  # nn.Module's initialisation knows no other generator
    judge = Judge(subject).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        judge.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    steps = max(10, pictures // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps + 1, pct_start=0.2
    )
    dtype = fastest_dtype()
    judge.train()
    seen, total, count = 0, 0.0, 0
    for step in range(1, steps + 1):
        x, condition = next(batches)
        with autocast(CPU, dtype):
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
        seen, total, count = seen + len(x), total + loss.item(), count + 1
        if step * 10 // steps > (step - 1) * 10 // steps:
            yield seen, total / count, judge.eval()
            judge.train()
            total, count = 0.0, 0


def make_judge(subject: Subject, report: Callable[[str], None], path: Path) -> dict[str, float]:
    """Train the judge and write it with its card; returns its accuracy, slot by slot, on pictures
    for the test."""
    started, cpu = time.monotonic(), time.process_time()
    judge = Judge(subject)
    batches = subject.batches(BATCH, Generator().manual_seed(0))
    for seen, loss, judge in train_judge(subject, batches, subject.pictures):  # noqa: B007
        report(f"{seen:,} pictures: loss {loss:.3f}, {time.monotonic() - started:.0f} s")
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in judge.state_dict().items()
    }
    judge.load_state_dict(weights)  # measured as it will be loaded: rounded to float16
    x0, condition = subject.test()
    shares = accuracy(verdict(judge.eval(), x0).logits, condition)
    right = {subject.info.slots[slot].name: round(share, 4) for slot, share in shares.items()}
    card = {
        "name": subject.name,
        "accuracy": right,
        "measured_on": f"{len(x0):,} pictures that it was not trained on",
        "trained_on": f"{subject.pictures:,} pictures",
        "command": subject.command,
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
        judge.load_state_dict(load_file(path_of(subject)))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ValueError(
            f"the judge {path_of(subject)} cannot be read: make it with `{subject.command}`"
        ) from error
    judge = judge.float().eval().requires_grad_(False)
    return judge.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
