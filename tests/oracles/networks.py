"""Networks too small to be of use, and no less networks for that."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.networks.unet import UNet, UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS

TINY = UNetConfig(image_size=(8, 8), channels=(8, 8), blocks=(1, 1), heads=2, slots=(3,))


def random_unet(config: UNetConfig = TINY, seed: int = 0) -> UNet:
    """A U-Net of random weights, also where it would start at zero."""
    network = UNet(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            bound = parameter[0].numel() ** -0.5 if parameter.dim() > 1 else 0.1
            parameter.uniform_(-bound, bound, generator=generator)
    return network


def random_denoiser(parametrization: str = "eps", **options: Any) -> LearnedDenoiser:
    """A denoiser that has learned nothing."""
    options = {"sigma_data": 0.5, "min_ratio": 1e-3, "max_ratio": 1e3} | options
    network = random_unet().requires_grad_(False)  # as a checkpoint's is
    return LearnedDenoiser(network, PARAMETRIZATIONS[parametrization], **options)


class Constant(nn.Module):
    """A network whose output is given beforehand."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        return self.output
