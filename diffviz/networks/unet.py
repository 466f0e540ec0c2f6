"""The U-Net that every learned denoiser is made of.

It works on pixel-unshuffled input (2 × 2 pixels folded into channels): on a CPU a 3 × 3 convolution
is fastest at 14–16 pixels with 64–128 channels, and a first full-resolution level would cost more
than all others together.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from diffviz.data.base import DataInfo
from diffviz.device import is_cpu
from diffviz.networks.base import STRICT, NetworkConfig, slots_of
from diffviz.networks.layers import NoiseEmbedding, Tables, zero
from diffviz.networks.sizes import Sizes
from diffviz.networks.unet_sizes import unet_sizes

# What visitors may train: fewer and narrower than what a card may hold.
MAX_LEVELS, MAX_BLOCKS, CHANNELS = 3, 4, (16, 256)
TINTS = {1: "grey", 3: "in colour"}
Side = Annotated[int, Field(ge=4, le=1024)]


@dataclass(frozen=True, config=STRICT)
class UNetConfig(NetworkConfig):
    """The shape of a U-Net; saved in a checkpoint's card."""

    title: ClassVar[str] = "a U-Net"
    data_fields: ClassVar[tuple[str, ...]] = ("image_size", "image_channels", "slots")
    data_weights: ClassVar[tuple[str, ...]] = ("slots.", "tokens.", "position")

    kind: Literal["unet"] = "unet"
    image_size: tuple[Side, Side] = (28, 28)  # height and width
    image_channels: Annotated[int, Field(ge=1, le=4)] = 1
    # One entry a resolution level.
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=512)], ...], Field(min_length=1, max_length=4)
    ] = (64, 128)
    # Residual blocks a level, on the way down and on the way up.
    blocks: tuple[Annotated[int, Field(ge=1, le=16)], ...] = (1, 2)
    heads: Annotated[int, Field(ge=1, le=64)] = 4  # of the attention at the lowest level
    slots: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(max_length=64)] = ()
    patch: Annotated[int, Field(ge=1, le=8)] = 2  # side of the square folded into channels
    cross_attention: bool = False  # pixels know their place and look each slot's value up from it
    attention: bool = True  # of all pixels to one another, at the lowest level

    @property
    def any_size(self) -> bool:
        """Whether pictures of other sizes than its own make sense to it: it is convolutional."""
        return not (self.attention or self.cross_attention)

    @field_validator("image_size", mode="before")
    @classmethod
    def _of_a_square(cls, size: Any) -> Any:
        """Older cards have one number, the side of a square."""
        if isinstance(size, list):  # of JSON, as which this function no longer has it
            return tuple(size)
        return (size, size) if isinstance(size, int) else size

    @classmethod
    def suited_to(cls, info: DataInfo) -> Self:
        if len(info.shape) != 3:
            raise ValueError(f"a U-Net is for pictures, not for samples of shape {info.shape}")
        channels, height, width = info.shape
        return cls(
            image_size=(height, width),
            image_channels=channels,
            slots=slots_of(info),
            cross_attention=len(info.slots) > 1,
        )

    def adapted_to(self, info: DataInfo) -> Self:
        known, new = self.image_channels, info.shape[0]
        if len(info.shape) == 3 and known != new:
            tints = [TINTS.get(channels, f"of {channels} channels") for channels in (known, new)]
            raise ValueError("knows pictures that are {}, and these are {}".format(*tints))
        return super().adapted_to(info)

    def build(self) -> UNet:
        return UNet(self)

    def sizes(self, shape: tuple[int, ...]) -> Sizes:
        return unet_sizes(self, shape)

    def check_trainable(self) -> None:
        check_levels(self.channels, self.blocks)


def check_levels(channels: tuple[int, ...], blocks: tuple[int, ...]) -> None:
    """Raises ValueError, in a sentence, where visitors may not train a U-Net of these."""
    low, high = CHANNELS
    if not 1 <= len(channels) <= MAX_LEVELS or len(channels) != len(blocks):
        raise ValueError(
            f"a network has 1 to {MAX_LEVELS} levels, and channels and blocks for each of them"
        )
    if any(not low <= c <= high or c % 8 for c in channels):
        raise ValueError(f"channels must be multiples of 8 from {low} to {high}, not {channels}")
    if any(not 1 <= b <= MAX_BLOCKS for b in blocks):
        raise ValueError(f"blocks must be from 1 to {MAX_BLOCKS} a level, not {blocks}")


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel. (B, C, H, W) → the same.

    In channels_last memory the channels lie side by side, where PyTorch's layer norm costs a small
    part of its group norm on a CPU; group norm took a quarter of a training step.
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class NormSiLU(ChannelNorm):
    """SiLU of the norm, scaled and shifted by its own weights, or by the caller's, (B, C)."""

    def forward(
        self, x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None
    ) -> Tensor:
        # Training alone waits for a compiler.
        if x.requires_grad and x.dtype == torch.bfloat16 and is_cpu(x):
            from diffviz.cpu.norm_silu import norm_silu

            if scale is None or shift is None:
                scale, shift = self.weight[None], self.bias[None]
            return norm_silu(x, scale, shift, self.eps)
        h = super().forward(x)
        if scale is not None and shift is not None:
            h = torch.addcmul(shift[:, :, None, None], h, scale[:, :, None, None])
        return F.silu(h)


class ResidualBlock(nn.Module):
    """Norm, SiLU, convolution, twice; the embedding scales and shifts the second norm."""

    def __init__(self, in_channels: int, channels: int, embedding: int) -> None:
        super().__init__()
        self.norm1 = NormSiLU(in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.modulation = nn.Linear(embedding, 2 * channels)
        self.norm2 = NormSiLU(channels, elementwise_affine=False)
        self.conv2 = zero(nn.Conv2d(channels, channels, 3, padding=1))  # starts as the identity
        same = in_channels == channels
        self.skip = nn.Identity() if same else nn.Conv2d(in_channels, channels, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        h = self.conv1(self.norm1(x))
        scale, shift = self.modulation(embedding).chunk(2, dim=1)
        out: Tensor = self.skip(x) + self.conv2(self.norm2(h, 1 + scale, shift))
        return out


class Attention(nn.Module):
    """Self-attention over all pixels of a feature map, as a residual."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = ChannelNorm(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = zero(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        tokens = self.qkv(self.norm(x)).permute(0, 2, 3, 1)  # (B, H, W, 3C)
        q, k, v = tokens.reshape(b, h * w, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        # Written out: for so few pixels the fused kernel's backward pass is several times slower.
        weights = (q * (c // self.heads) ** -0.5 @ k.transpose(-1, -2)).softmax(dim=-1)
        mixed = (weights @ v).transpose(1, 2).reshape(b, h, w, c)  # from (B, heads, HW, C / heads)
        out: Tensor = x + self.out(mixed.permute(0, 3, 1, 2))
        return out


class CrossAttention(nn.Module):
    """From every pixel of a feature map to the slots, or words, as a residual (Rombach et al. 2022,
    3.3).

    Where there are many slots, each has its own part of the picture; a sum of their embeddings, by
    which a block is modulated, says the same to all pixels.
    """

    def __init__(self, channels: int, heads: int, width: int | None = None) -> None:
        """width: of the tokens, where that is not the map's."""
        super().__init__()
        self.heads = heads
        self.norm = ChannelNorm(channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.kv = nn.Linear(width or channels, 2 * channels)
        self.attend = nn.Softmax(dim=-2)
        self.out = zero(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, tokens: Tensor, absent: Tensor | None = None) -> Tensor:
        """x: (B, C, H, W); tokens: (B, slots, C); absent: (B, slots), which are not to be seen."""
        b, c, h, w = x.shape
        shape = b, -1, self.heads, c // self.heads
        q = self.q(self.norm(x)).permute(0, 2, 3, 1).reshape(shape).transpose(1, 2)
        k, v = (part.reshape(shape).transpose(1, 2) for part in self.kv(tokens).chunk(2, dim=2))
        # (B, heads, slots, HW): along the few slots, a softmax is several times slower.
        scores = k * (c // self.heads) ** -0.5 @ q.transpose(-1, -2)
        if absent is not None:
            scores = scores.masked_fill(absent[:, None, :, None], -torch.inf)
        weights = self.attend(scores)
        mixed = (weights.transpose(-1, -2) @ v).transpose(1, 2).reshape(b, h, w, c)
        out: Tensor = x + self.out(mixed.permute(0, 3, 1, 2))
        return out


class UNet(nn.Module):
    """(x, noise_level, condition) → an image-shaped output; what it means is the parametrization's.

    x: (B, C, H, W) of about unit variance, of any height and width where config.any_size.
    noise_level: (B,). condition: (B, slots) integers, 0 for "not said" (the null condition of
    classifier-free guidance; Ho & Salimans 2022).
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        folded = config.image_channels * config.patch**2
        embedding = 4 * width[0]

        self.noise = NoiseEmbedding(embedding)
        self.slots = Tables(config.slots, embedding)

        def levels(skip: int) -> nn.ModuleList:
            """One list of blocks a level; each takes `skip` times as many channels as it gives."""
            return nn.ModuleList(
                nn.ModuleList(ResidualBlock(skip * c, c, embedding) for _ in range(count))
                for c, count in zip(width, config.blocks, strict=True)
            )

        self.stem = nn.Conv2d(folded, width[0], 3, padding=1)
        if config.cross_attention:
            size = (-(-side // config.patch) for side in config.image_size)
            self.position = nn.Parameter(torch.zeros(1, width[0], *size))
            self.tokens = Tables(config.slots, width[-1])
            self.lookups = nn.ModuleList(CrossAttention(width[-1], config.heads) for _ in "ab")
        self.encoder = levels(skip=1)
        self.downsample = nn.ModuleList(
            nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in pairwise(width)
        )
        self.middle = nn.ModuleList(ResidualBlock(width[-1], width[-1], embedding) for _ in "ab")
        self.attention = Attention(width[-1], config.heads) if config.attention else nn.Identity()
        self.upsample = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(width)
        )
        self.decoder = levels(skip=2)
        self.norm = NormSiLU(width[0])
        self.head = zero(nn.Conv2d(width[0], folded, 3, padding=1))

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        embedding = self.noise(noise_level)
        if self.slots:
            embedding = embedding + self.slots(condition).sum(dim=1)
        embedding = F.silu(embedding)

        height, width = x.shape[-2:]
        spare = (0, -width % self.config.patch, 0, -height % self.config.patch)
        if any(spare):
            x = F.pad(x, spare, mode="replicate")
        h = self.stem(F.pixel_unshuffle(x, self.config.patch))
        if self.config.cross_attention:
            h = h + self.position.to(h.dtype)  # autocast would go on in float32
            tokens = self.tokens(condition)
        skips: list[Tensor] = []
        for level, blocks in enumerate(self.encoder):
            if level > 0:
                h = self.downsample[level - 1](h)
            if self.config.cross_attention and level == len(self.encoder) - 1:
                h = self.lookups[0](h, tokens)
            for block in blocks:  # type: ignore[attr-defined]
                h = block(h, embedding)
                skips.append(h)

        h = self.middle[0](h, embedding)
        if self.config.cross_attention:
            h = self.lookups[1](h, tokens)
        h = self.middle[1](self.attention(h), embedding)

        for level, blocks in reversed(list(enumerate(self.decoder))):
            for block in blocks:  # type: ignore[attr-defined]
                h = block(torch.cat([h, skips.pop()], dim=1), embedding)
            if level > 0:
                h = F.interpolate(self.upsample[level - 1](h), size=skips[-1].shape[-2:])

        out: Tensor = F.pixel_shuffle(self.head(self.norm(h)), self.config.patch)
        return out[..., :height, :width]
