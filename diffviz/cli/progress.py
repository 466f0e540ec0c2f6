"""How a training in the foreground shows where it stands."""

from __future__ import annotations

import sys
import time
from types import TracebackType

import torch
from torch import Tensor
from tqdm import tqdm  # type: ignore[import-untyped]

from diffviz.cli.parser import note
from diffviz.training.learner import Progress

REPORT_SECONDS = 10
BAR = "{percentage:5.1f}% |{bar}| {desc}, {elapsed} so far, {remaining} left"


class Report:
    """A progress bar on a terminal, and a line every ten seconds in a file."""

    def __init__(self, images: int, fraction: float, quiet: bool = False) -> None:
        self.quiet = quiet
        self.since = time.monotonic()
        self.images = images
        self.losses: list[Tensor] = []
        self.bar = None
        if sys.stderr.isatty() and not quiet:
            percent = 100 * fraction
            self.bar = tqdm(total=100, initial=percent, bar_format=BAR, dynamic_ncols=True)

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, progress: Progress) -> None:
        """Take in a step; shown is the mean since what was shown last."""
        self.losses.append(progress.means[0])
        seconds = time.monotonic() - self.since
        pause = REPORT_SECONDS if self.bar is None else 1
        if self.quiet or (seconds < pause and progress.fraction < 1):
            return
        loss = torch.stack(self.losses).mean().item()
        speed = (progress.images - self.images) / seconds
        seen = f"{progress.images:,} pictures"
        if self.bar is None:
            note(
                f"{progress.fraction:6.1%}  {seen} in {progress.hours:.2f} h  loss {loss:.4f}  "
                f"{speed:.0f} pictures/s"
            )
        else:
            self.bar.set_description_str(f"{seen}, {speed:.0f}/s, loss {loss:.4f}", refresh=False)
            self.bar.update(100 * progress.fraction - self.bar.n)
        self.since, self.images, self.losses = time.monotonic(), progress.images, []
