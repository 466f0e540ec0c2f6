"""What a choice of data gives a denoiser to learn: its samples, or their latents."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, cast

import torch
from torch import Generator, Tensor

from diffviz.autoencoders import Autoencoder, load_autoencoder
from diffviz.data import DATA_SETS, DataChoice, load_data_set
from diffviz.data.base import DataSet
from diffviz.device import CPU, send

AT_ONCE = 16  # pictures that are encoded together; on an accelerator more
AT_ONCE_THERE = 256


class Captioned(DataSet, Protocol):
    """Pictures in rows, each of which has several captions. rows: all that are drawn from."""

    @property
    def rows(self) -> Tensor: ...

    def draw(self, size: int, generator: Generator) -> Tensor:
        """Rows at random, (size,)."""
        ...

    def pictures(self, rows: Tensor) -> Tensor: ...

    def captions(self, rows: Tensor, generator: Generator) -> Tensor: ...


class Latents:
    """The latents of a data set's pictures, each encoded when it is first asked for, on a device,
    and kept on the CPU."""

    def __init__(
        self, data: Captioned, autoencoder: Autoencoder, device: torch.device = CPU
    ) -> None:
        self.data = data
        self.autoencoder = autoencoder
        self.device = device
        autoencoder.network.to(device)
        self.info = replace(autoencoder.card.latents, slots=data.info.slots)
        self.known: dict[int, Tensor] = {}  # by row, in float16

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        rows = self.data.draw(size, generator)
        self.learn([row for row in rows.tolist() if row not in self.known])
        latents = torch.stack([self.known[row] for row in rows.tolist()])
        return latents.float(), self.data.captions(rows, generator)

    @torch.no_grad()
    def learn(self, rows: list[int]) -> None:
        """Encode these rows."""
        size = AT_ONCE if self.device.type == "cpu" else AT_ONCE_THERE
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            x0 = send(self.data.pictures(torch.tensor(some)), self.device)
            latents = self.autoencoder.encode(x0).half().contiguous().cpu()
            self.known |= zip(some, latents.unbind(), strict=True)


def load_samples(choice: DataChoice, device: torch.device = CPU) -> DataSet:
    """The training samples chosen, for a training on a device; raises ValueError naming the data
    sets that there are, or the autoencoder that is not there."""
    data = load_data_set(choice)
    name = DATA_SETS[choice.name].autoencoder
    if not name:
        return data
    captioned = cast(Captioned, data)
    latents = Latents(captioned, load_autoencoder(name), device)
    if device.type == "cuda":  # whose batches other processes prepare, without it
        latents.learn(captioned.rows.tolist())
    return latents
