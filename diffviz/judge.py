"""The judge: a small classifier of Fashion-MNIST whose features and verdicts measure samples.

    python -m diffviz make judge

trains it on the 60,000 training pictures, in minutes, and writes it to checkpoints/judge.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn

from diffviz.checkpoints import FOLDER, write_whole
from diffviz.data.fashion import CLASSES, INFO, FashionMNIST

# In a folder of its own: what lies beside the denoisers would be taken for one.
PATH = FOLDER / "judge" / "fashion-judge.safetensors"
COMMAND = "python -m diffviz make judge"
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY, SHIFT = 10, 128, 5e-3, 1e-2, 1


class Verdict(NamedTuple):
    """features: (B, 96), what the last layer sees; logits: (B, 10)."""

    features: Tensor
    logits: Tensor


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
    """(B, 1, 28, 28) in −1..1 → a Verdict. A residual network on 2 × 2 pixels folded into channels,
    one block at 14 × 14 pixels and one at 7 × 7; its features are means over the picture."""

    def __init__(self, fine: int = 48, coarse: int = 96) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4, fine, 3, padding=1)
        self.fine = Block(fine)
        self.down = nn.Conv2d(fine, coarse, 3, stride=2, padding=1)
        self.coarse = Block(coarse)
        self.norm = nn.BatchNorm2d(coarse)
        self.head = nn.Linear(coarse, len(CLASSES))

    def forward(self, x: Tensor) -> Verdict:
        h = self.fine(self.stem(F.pixel_unshuffle(x, 2)))
        h = self.coarse(self.down(F.relu(h)))
        # Not mean(): its gradient is not channels_last, and slows all convolutions before it.
        features = F.avg_pool2d(F.relu(self.norm(h)), 7).float().flatten(1)
        return Verdict(features, self.head(features))


@torch.no_grad()
def verdict(judge: Judge, x0: Tensor, batch: int = 500) -> Verdict:
    """What the judge makes of many pictures (N, 1, 28, 28) in −1..1, in float32."""
    parts = [
        judge(part.contiguous(memory_format=torch.channels_last)) for part in torch.split(x0, batch)
    ]
    return Verdict(torch.cat([p.features for p in parts]), torch.cat([p.logits for p in parts]))


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The share of pictures whose likeliest class is their label. labels: (N,) from 0."""
    return (logits.argmax(dim=1) == labels).double().mean().item()


def shifted(x: Tensor, generator: Generator, most: int = SHIFT) -> Tensor:
    """Each picture moved by up to `most` pixels both ways, black (−1) moving in."""
    n, side = len(x), x.shape[-1]
    padded = F.pad(x[:, 0], [most] * 4, value=-1.0)
    across, down = torch.randint(0, 2 * most + 1, (2, n, 1), generator=generator)
    span = torch.arange(side)
    rows, columns = (down + span)[:, :, None], (across + span)[:, None, :]
    return padded[torch.arange(n)[:, None, None], rows, columns].unsqueeze(1)


def train_judge(
    data: FashionMNIST, epochs: int = EPOCHS, seed: int = 0
) -> Iterator[tuple[int, float, Judge]]:
    """Train a judge, yielding (epoch, mean loss, judge) after each epoch."""
    torch.manual_seed(seed)  # nn.Module's initialisation knows no other generator
    generator = Generator().manual_seed(seed)
    judge = Judge().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        judge.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    batches = len(data) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=epochs * batches + 1, pct_start=0.2
    )
    for epoch in range(1, epochs + 1):
        judge.train()
        total = 0.0
        shuffled = torch.randperm(len(data), generator=generator)
        for batch in range(batches):
            x0, condition = data.rows(shuffled[batch * BATCH : (batch + 1) * BATCH])
            x = shifted(x0, generator).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                logits = judge(x).logits
            loss = F.cross_entropy(logits.float(), condition[:, 0] - 1)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item()
        yield epoch, total / batches, judge.eval()


def make_judge(
    train: FashionMNIST, test: FashionMNIST, report: Callable[[str], None], path: Path = PATH
) -> float:
    """Train the judge and write it with its card; returns its accuracy on the test pictures."""
    started, cpu = time.monotonic(), time.process_time()
    judge = Judge()
    for epoch, loss, judge in train_judge(train):  # noqa: B007
        report(f"epoch {epoch} of {EPOCHS}: loss {loss:.3f}, {time.monotonic() - started:.0f} s")
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in judge.state_dict().items()
    }
    judge.load_state_dict(weights)  # measured as it will be loaded: rounded to float16
    x0, condition = test.rows(slice(None))
    share = accuracy(verdict(judge, x0).logits, condition[:, 0] - 1)
    card = {
        "name": "fashion-judge",
        "accuracy": round(share, 4),
        "measured_on": f"{len(test):,} test pictures",
        "trained_on": f"{len(train):,} training pictures",
        "command": COMMAND,
        "epochs": EPOCHS,
        "cpu_hours": round((time.process_time() - cpu) / 3600, 3),
        "licence": INFO.licence,
        "credit": INFO.credit,
    }
    write_whole(path, lambda temporary: save_file(weights, temporary))
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".json"), lambda temporary: temporary.write_text(text, "utf-8"))
    return share


def load_judge(path: Path = PATH) -> Judge:
    """The judge, ready to run. Raises ValueError, saying how to make it, where it is not there."""
    judge = Judge()
    try:
        judge.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ValueError(f"the judge {path} cannot be read: make it with `{COMMAND}`") from error
    judge = judge.float().eval().requires_grad_(False)
    return judge.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
