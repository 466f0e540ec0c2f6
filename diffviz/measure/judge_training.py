"""Training judges: `python -m diffviz make NAME-judge` trains one on true pictures."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Generator, Tensor

from diffviz.autoencoders import Autoencoder, autoencoder_names, load_autoencoder
from diffviz.cpu.precision import fastest_dtype
from diffviz.data.source import Subject
from diffviz.device import CPU, autocast, autocast_dtype, send
from diffviz.measure.judge import Judge, accuracy, load_judge, verdicts
from diffviz.parametrization import per_image
from diffviz.storage import write_whole

BATCH, LEARNING_RATE, WEIGHT_DECAY = 128, 5e-3, 1e-2
LEARNING_ON = 0.2  # of the rate, for a judge that has learned


def train_judge(
    subject: Subject,
    batches: Iterator[tuple[Tensor, Tensor]],
    pictures: int,
    device: torch.device = CPU,
    start: Judge | None = None,
) -> Iterator[tuple[int, float, Judge]]:
    """Train a judge, yielding (pictures seen, mean loss since, judge) at every tenth of the way.
    start: one that learns on, more slowly.

    A slot of which nothing is said in a picture teaches nothing there.
    """
    coder = coder_of(subject, device)
    # nn.Module's initialisation knows no other generator; and noise is drawn where it is needed.
    torch.manual_seed(0)
    judge = (start or Judge(subject)).requires_grad_()
    judge = judge.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    rate = LEARNING_RATE * (LEARNING_ON if start else 1)
    optimizer = torch.optim.AdamW(judge.parameters(), rate, weight_decay=WEIGHT_DECAY)
    steps = max(10, pictures // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps + 1, pct_start=0.2
    )
    dtype = fastest_dtype() if device.type == "cpu" else autocast_dtype(device)
    judge.train()
    seen, count = 0, 0
    total = torch.zeros((), device=device)
    for step in range(1, steps + 1):
        x, condition = (send(part, device) for part in next(batches))
        if coder:
            half = len(x) // 2
            with autocast(device, dtype):
                decoded = came_through(coder, x[:half]).float()
            x = torch.cat([decoded, x[half:]])
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


def coder_of(subject: Subject, device: torch.device) -> Autoencoder | None:
    """The autoencoder that pictures come through before it sees them, where there is one."""
    if subject.autoencoder not in autoencoder_names():
        return None
    coder = load_autoencoder(subject.autoencoder)
    coder.network.to(device)
    return coder


@torch.no_grad()
def came_through(coder: Autoencoder, x0: Tensor) -> Tensor:
    return coder.decode(coder.encode(x0)).clamp(-1, 1)


def make_judge(
    subject: Subject,
    report: Callable[[str], None],
    path: Path,
    device: torch.device = CPU,
    more: int = 0,
) -> dict[str, float]:
    """Train the judge and write it with its card; returns its accuracy, slot by slot, on pictures
    for the test. more: the one that is there learns on, from so many pictures. Raises ValueError
    where there is none."""
    started, cpu = time.monotonic(), time.process_time()
    start = load_judge(subject) if more else None
    judge, pictures = Judge(subject), more or subject.pictures
    batches = subject.batches(BATCH, Generator().manual_seed(more))
    for seen, loss, judge in train_judge(subject, batches, pictures, device, start):  # noqa: B007
        report(f"{seen:,} pictures: loss {loss:.3f}, {time.monotonic() - started:.0f} s")
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in judge.state_dict().items()
    }
    judge.load_state_dict(weights)  # measured as it will be loaded: rounded to float16
    judge.eval()

    def measured(parts: Iterable[tuple[Tensor, Tensor]]) -> tuple[dict[str, float], int]:
        found, condition = verdicts(judge, parts)
        shares = accuracy(found.logits, condition)
        by_name = {judge.slots[slot].name: round(share, 4) for slot, share in shares.items()}
        return by_name, len(condition)

    right, count = measured(subject.test())
    card = {
        "name": subject.name,
        "accuracy": right,
        "measured_on": f"{count:,} pictures that it was not trained on",
        "trained_on": f"{subject.pictures:,} pictures" + (f", and {more:,} more" if more else ""),
        "command": subject.command + (f"; {subject.command} --more {more}" if more else ""),
        "device": device.type,
        "cpu_hours": round((time.process_time() - cpu) / 3600, 3),
        "licence": subject.info.licence,
        "credit": subject.info.credit,
    }
    if coder := coder_of(subject, device):
        decoded = ((came_through(coder, send(x0, device)), shown) for x0, shown in subject.test())
        card["accuracy_decoded"] = measured(decoded)[0]  # no denoiser of latents is obeyed more
    write_whole(path, lambda temporary: save_file(weights, temporary))
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".json"), lambda temporary: temporary.write_text(text, "utf-8"))
    return right
