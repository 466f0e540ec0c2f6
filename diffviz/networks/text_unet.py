"""A U-Net whose pixels look words up, at every resolution: the denoiser of latents from text."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from diffviz.data.base import DataInfo
from diffviz.networks.base import STRICT, NetworkConfig, slots_of
from diffviz.networks.layers import NoiseEmbedding, zero
from diffviz.networks.text import TextEncoder
from diffviz.networks.unet import (
    Attention,
    CrossAttention,
    NormSiLU,
    ResidualBlock,
    Side,
    check_levels,
)


@dataclass(frozen=True, config=STRICT)
class TextUNetConfig(NetworkConfig):
    """The shape of a U-Net with words; saved in a checkpoint's card. slots: the vocabulary's size,
    once for each word that a sentence may have."""

    title: ClassVar[str] = "a U-Net with words"
    data_fields: ClassVar[tuple[str, ...]] = ("image_size", "image_channels", "slots")
    data_weights: ClassVar[tuple[str, ...]] = (
        *("text.words.", "text.places", "position", "stem.", "head."),
    )

    kind: Literal["text-unet"] = "text-unet"
    image_size: tuple[Side, Side] = (16, 16)  # height and width, of a latent
    image_channels: Annotated[int, Field(ge=1, le=64)] = 8
    # One entry a resolution level.
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=512)], ...], Field(min_length=1, max_length=4)
    ] = (64, 128)
    # Residual blocks a level, on the way down and on the way up.
    blocks: tuple[Annotated[int, Field(ge=1, le=16)], ...] = (2, 2)
    heads: Annotated[int, Field(ge=1, le=64)] = 4
    text_width: Annotated[int, Field(ge=1, le=1024)] = 128
    text_layers: Annotated[int, Field(ge=0, le=16)] = 2
    slots: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(max_length=64)] = ()

    @classmethod
    def suited_to(cls, info: DataInfo) -> Self:
        if len(info.shape) != 3:
            raise ValueError(f"a U-Net is for pictures, not for samples of shape {info.shape}")
        channels, height, width = info.shape
        return cls(image_size=(height, width), image_channels=channels, slots=slots_of(info))

    def build(self) -> TextUNet:
        divided = (*self.channels, self.text_width)
        if any(width % self.heads for width in divided):
            raise ValueError(f"{self.heads} heads do not share {divided} channels alike")
        return TextUNet(self)

    def check_trainable(self) -> None:
        check_levels(self.channels, self.blocks)


class TextUNet(nn.Module):
    """(x, noise_level, condition) → an output like x; what it means is the parametrization's.

    x: (B, C, H, W) of about unit variance. noise_level: (B,). condition: (B, words) integers, 0 for
    no word. Each CrossAttention has its weights from its module `attend`, whose forward hooks see
    them, or put others in their place, (B, heads, 1 + words, pixels).
    """

    def __init__(self, config: TextUNetConfig) -> None:
        super().__init__()
        self.config = config
        width, heads = config.channels, config.heads
        embedding = 4 * width[0]
        vocabulary = max(config.slots, default=1)

        self.text = TextEncoder(
            vocabulary, len(config.slots), config.text_width, config.text_layers, heads
        )
        self.noise = NoiseEmbedding(embedding)
        self.sentence = nn.Linear(config.text_width, embedding)

        def levels(skip: int) -> nn.ModuleList:
            """One list of blocks a level; each takes `skip` times as many channels as it gives."""
            return nn.ModuleList(
                nn.ModuleList(ResidualBlock(skip * c, c, embedding) for _ in range(count))
                for c, count in zip(width, config.blocks, strict=True)
            )

        def lookups() -> nn.ModuleList:
            return nn.ModuleList(CrossAttention(c, heads, config.text_width) for c in width)

        self.stem = nn.Conv2d(config.image_channels, width[0], 3, padding=1)
        self.position = nn.Parameter(torch.zeros(1, width[0], *config.image_size))
        self.encoder, self.down_lookups = levels(skip=1), lookups()
        self.downsample = nn.ModuleList(
            nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in pairwise(width)
        )
        self.middle = nn.ModuleList(ResidualBlock(width[-1], width[-1], embedding) for _ in "ab")
        self.attention = Attention(width[-1], heads)
        self.upsample = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(width)
        )
        self.decoder, self.up_lookups = levels(skip=2), lookups()
        self.norm = NormSiLU(width[0])
        self.head = zero(nn.Conv2d(width[0], config.image_channels, 3, padding=1))

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        tokens, absent = self.text(condition)
        embedding = F.silu(self.noise(noise_level) + self.sentence(tokens[:, 0]))

        h = self.stem(x)
        h = h + self.position.to(h.dtype)  # autocast would go on in float32
        skips: list[Tensor] = []
        for level, blocks in enumerate(self.encoder):
            if level > 0:
                h = self.downsample[level - 1](h)
            h = self.down_lookups[level](h, tokens, absent)
            for block in blocks:  # type: ignore[attr-defined]
                h = block(h, embedding)
                skips.append(h)

        h = self.middle[0](h, embedding)
        h = self.middle[1](self.attention(h), embedding)

        for level, blocks in reversed(list(enumerate(self.decoder))):
            h = self.up_lookups[level](h, tokens, absent)
            for block in blocks:  # type: ignore[attr-defined]
                h = block(torch.cat([h, skips.pop()], dim=1), embedding)
            if level > 0:
                h = F.interpolate(self.upsample[level - 1](h), size=skips[-1].shape[-2:])

        out: Tensor = self.head(self.norm(h))
        return out
