"""A small autoencoder and a denoiser of its latents that reads sentences, of random weights."""

from __future__ import annotations

import torch
from torch import nn

from diffviz.autoencoders import Autoencoder, AutoencoderCard
from diffviz.checkpoints import Card, Checkpoint
from diffviz.data.base import DataInfo, Slot
from diffviz.data.sentences import vocabulary
from diffviz.networks.autoencoder import AutoencoderConfig
from diffviz.networks.text_unet import TextUNetConfig

SLOT = Slot("words", vocabulary("a square that is red or blue, on the left or right"), 6)
PICTURES = DataInfo("squares", (3, 16, 16), 0.6, (SLOT,), "CC0-1.0", "nobody")
LATENT = (4, 4, 4)
CODER = AutoencoderConfig(latent_channels=4, channels=(8, 8), blocks=(0, 0), patch=2)
NETWORK = TextUNetConfig(
    image_size=(4, 4), image_channels=4, channels=(8, 16), blocks=(1, 1), heads=2, text_width=8,
    text_layers=1, slots=(len(SLOT.values),) * SLOT.length,
)  # fmt: skip


def random(network: nn.Module, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.4)
    return network.requires_grad_(False).eval()


def autoencoder() -> Autoencoder:
    network = CODER.build()
    random(network)
    card = AutoencoderCard(
        "squares", CODER, PICTURES, (0.1, 0.0, -0.1, 0.2), (1.0, 2.0, 0.5, 1.5),
        ((0.1, 0.2, 0.3, 0.4, 0.5),) * 3, 0, 0.0,
    )  # fmt: skip
    return Autoencoder(card, network)


def checkpoint() -> Checkpoint:
    data = autoencoder().card.latents
    return Checkpoint(
        Card("squares", NETWORK, "edm", data, (0.01, 80.0), 0, 0.0), random(NETWORK.build())
    )
