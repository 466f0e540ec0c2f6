"""The autoencoder in whose latents a denoiser works: a picture as a small map of a few channels."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from diffviz.networks.base import STRICT, Config
from diffviz.networks.layers import zero
from diffviz.networks.unet import NormSiLU

LOG_VARIANCES = (-20.0, 4.0)  # between which the encoder's are held


@dataclass(frozen=True, config=STRICT)
class AutoencoderConfig(Config):
    """The shape of an autoencoder; saved in its card."""

    title: ClassVar[str] = "an autoencoder"

    kind: Literal["autoencoder"] = "autoencoder"
    image_channels: Annotated[int, Field(ge=1, le=4)] = 3
    latent_channels: Annotated[int, Field(ge=1, le=64)] = 8
    # One entry a resolution level, the finest first.
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=512)], ...], Field(min_length=1, max_length=5)
    ] = (48, 96)
    # Residual blocks a level on the way down; on the way up there is one more.
    blocks: Annotated[tuple[Annotated[int, Field(ge=0, le=16)], ...], Field(max_length=5)] = (1, 1)
    patch: Annotated[int, Field(ge=1, le=8)] = 4  # side of the square folded into channels

    @property
    def factor(self) -> int:
        """How many times smaller a latent's sides are than its picture's."""
        return int(self.patch * 2 ** (len(self.channels) - 1))

    def latent_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Of pictures of a shape (C, H, W); raises ValueError where they have no latents."""
        if len(shape) != 3 or shape[0] != self.image_channels:
            raise ValueError(
                f"this autoencoder is for pictures of {self.image_channels} channels, not for"
                f" samples of shape {shape}"
            )
        if any(side % self.factor for side in shape[1:]):
            raise ValueError(
                f"this autoencoder is for pictures whose sides are multiples of {self.factor},"
                f" not {shape[1]} × {shape[2]}"
            )
        return (self.latent_channels, *(side // self.factor for side in shape[1:]))

    def build(self) -> KLAutoencoder:
        if len(self.channels) != len(self.blocks):
            raise ValueError("an autoencoder has channels and blocks for each of its levels")
        return KLAutoencoder(self)


class Block(nn.Module):
    """Norm, SiLU, convolution, twice, as a residual."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.norm1 = NormSiLU(in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.norm2 = NormSiLU(channels)
        self.conv2 = zero(nn.Conv2d(channels, channels, 3, padding=1))  # starts as the identity
        same = in_channels == channels
        self.skip = nn.Identity() if same else nn.Conv2d(in_channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.skip(x) + self.conv2(self.norm2(self.conv1(self.norm1(x))))
        return out


class Upsample(nn.Sequential):
    """Twice as many pixels each way, each copied, and a convolution."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__(
            nn.Conv2d(coarse, fine, 1),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(fine, fine, 3, padding=1),
        )


class KLAutoencoder(nn.Module):
    """q(z|x) = N(mean, exp(log_variance)) by the encoder, x̂ by the decoder (Kingma & Welling 2014),
    both convolutional, as Rombach et al. 2022 (3.1) put before a diffusion model.

    x: (B, C, H, W) in −1..1; z: (B, latent_channels, H / factor, W / factor).
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        width, folded = config.channels, config.image_channels * config.patch**2
        down: list[nn.Module] = [
            nn.PixelUnshuffle(config.patch),
            nn.Conv2d(folded, width[0], 3, padding=1),
        ]
        up: list[nn.Module] = [nn.Conv2d(config.latent_channels, width[-1], 3, padding=1)]
        for level, (channels, count) in enumerate(zip(width, config.blocks, strict=True)):
            if level > 0:
                down.append(nn.Conv2d(width[level - 1], channels, 3, stride=2, padding=1))
            down += [Block(channels, channels) for _ in range(count)]
        steps = [*pairwise(reversed(width)), None]
        for channels, count, step in zip(width[::-1], config.blocks[::-1], steps, strict=True):
            up += [Block(channels, channels) for _ in range(count + 1)]
            if step:
                up.append(Upsample(*step))
        down += [NormSiLU(width[-1]), nn.Conv2d(width[-1], 2 * config.latent_channels, 1)]
        up += [
            NormSiLU(width[0]),
            nn.Conv2d(width[0], folded, 3, padding=1),
            nn.PixelShuffle(config.patch),
        ]
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latents of x."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCES)

    def decode(self, z: Tensor) -> Tensor:
        """The pictures of latents, about −1..1."""
        x: Tensor = self.decoder(z)
        return x

    def forward(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x̂ of one draw of the latents, with ε (B, latent_channels, …); their mean and log
        variance."""
        mean, log_variance = self.encode(x)
        z = mean + torch.exp(log_variance / 2) * eps
        return self.decode(z), mean, log_variance
