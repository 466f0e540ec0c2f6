"""A U-Net's sizes in training, by the sums over its layers: building one so large that it is to be
refused would take a second, and its memory."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from diffviz.networks.sizes import Sizes

if TYPE_CHECKING:
    from diffviz.networks.unet import UNetConfig


class _Sums:
    """Of the layers that are added, in the terms of `networks.unet`; pixels: of their maps."""

    def __init__(self, embedding: int) -> None:
        self.embedding = embedding
        self.weights = self.kept = 0

    def linear(self, inputs: int, outputs: int) -> None:
        self.weights += (inputs + 1) * outputs

    def convolution(self, inputs: int, outputs: int, side: int = 3) -> None:
        self.linear(side**2 * inputs, outputs)

    def norm(self, channels: int, pixels: int) -> None:
        """Its input, means and deviations are kept, and its output by what comes after it."""
        self.weights += 2 * channels
        self.kept += (2 * channels + 2) * pixels

    def residual(self, inputs: int, channels: int, pixels: int) -> None:
        self.norm(inputs, pixels)
        self.convolution(inputs, channels)
        self.linear(self.embedding, 2 * channels)
        self.convolution(channels, channels)
        if inputs != channels:
            self.convolution(inputs, channels, side=1)
        # After the first norm its SiLU; around the second its input, output, scaled, and SiLU.
        self.kept += (inputs + 4 * channels + 2) * pixels + 2 * channels

    def attention(self, channels: int, heads: int, pixels: int) -> None:
        self.norm(channels, pixels)
        self.convolution(channels, 3 * channels, side=1)
        self.convolution(channels, channels, side=1)
        self.kept += 5 * channels * pixels + heads * pixels**2

    def lookup(self, channels: int, heads: int, slots: int, pixels: int) -> None:
        self.norm(channels, pixels)
        self.convolution(channels, channels, side=1)
        self.linear(channels, 2 * channels)
        self.convolution(channels, channels, side=1)
        self.kept += (2 * channels + heads * slots) * pixels + 3 * slots * channels


def unet_sizes(config: UNetConfig, shape: tuple[int, ...]) -> Sizes:
    """Of a U-Net for samples of a shape (C, H, W)."""
    first, last = config.channels[0], config.channels[-1]
    embedding, folded = 4 * first, config.image_channels * config.patch**2
    sums = _Sums(embedding)
    height, width = (-(-side // config.patch) for side in shape[-2:])
    pixels = []
    for _ in config.channels:
        pixels.append(height * width)
        height, width = -(-height // 2), -(-width // 2)
    low = pixels[-1]

    sums.linear(64, embedding)
    sums.linear(embedding, embedding)
    sums.kept += 2 * 64 + 4 * embedding
    sums.weights += sum(size + 1 for size in config.slots) * embedding
    sums.convolution(folded, first)
    sums.kept += folded * pixels[0]
    if config.cross_attention:
        side, other = (-(-side // config.patch) for side in config.image_size)
        sums.weights += first * side * other + sum(size + 1 for size in config.slots) * last
        for _ in "ab":
            sums.lookup(last, config.heads, len(config.slots), low)
    for channels, count, size in zip(config.channels, config.blocks, pixels, strict=True):
        for _ in range(count):
            sums.residual(channels, channels, size)
            sums.residual(2 * channels, channels, size)
    for level, (fine, coarse) in enumerate(pairwise(config.channels)):
        sums.convolution(fine, coarse)
        sums.convolution(coarse, fine, side=1)
        sums.kept += fine * pixels[level] + coarse * pixels[level + 1]
    for _ in "ab":
        sums.residual(last, last, low)
    if config.attention:
        sums.attention(last, config.heads, low)
    sums.norm(first, pixels[0])
    sums.convolution(first, folded)
    sums.kept += first * pixels[0]
    return Sizes(sums.weights, sums.kept)
