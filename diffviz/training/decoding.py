"""Training an autoencoder's decoder alone: latents, and all denoisers of them, stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder
from diffviz.data.base import DataSet
from diffviz.device import CPU, autocast, send
from diffviz.networks.autoencoder import KLAutoencoder
from diffviz.training.autoencoding import Autoencoding, measured, misfit
from diffviz.training.learner import Learner

# What is settled where there is an encoder already.
OF_ENCODERS = ("channels", "blocks", "patch", "latent_channels", "divergence")


class DecoderLearner(Learner):
    """A learner of the decoder of an autoencoder that there is, from the means of its latents.

    An encoder must please a decoder that is not finished, and both a prior; a decoder that learns
    on when latents no longer move comes nearer to the pictures (as those that were trained on for
    Stable Diffusion did, for squared errors).

    start: the autoencoder, which stays as it is. held_out: pictures that it is measured on.
    """

    def __init__(
        self,
        data: DataSet,
        start: Autoencoder,
        settings: Autoencoding,
        held_out: Sequence[Tensor] = (),
        dtype: torch.dtype | None = None,
        device: torch.device = CPU,
    ) -> None:
        self.settings = settings
        self.start = start
        self.held_out = held_out
        config, decoder = start.card.network, start.network.decoder.state_dict()
        super().__init__(
            data, lambda: config.build().decoder, settings, decoder, dtype=dtype, device=device
        )
        self.encoder = deepcopy(start.network).to(device)

    @torch.no_grad()
    def prepared(self, x0: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        x = send(x0, self.device)
        with autocast(self.device, self.dtype):
            mean, _ = self.encoder.encode(x)
        return x, mean.float()

    def losses(self, *batch: Tensor) -> Tensor:
        x, mean = batch
        with autocast(self.device, self.dtype):
            decoded = self.twin(mean)
        return misfit(x, decoded.float(), self.settings)

    @torch.no_grad()
    def autoencoder(self, name: str, command: str) -> Autoencoder:
        """With the averaged decoder so far, measured, and its card. command: that trains it."""
        before = self.start.card
        network: KLAutoencoder = deepcopy(self.encoder)
        network.decoder.load_state_dict(self.ema.network.state_dict())
        card = replace(
            before,
            name=name,
            images_seen=before.images_seen + self.images,
            cpu_hours=round(before.cpu_hours + self.cpu_hours, 6),
            training={
                **self.settings.model_dump(mode="json", exclude=set(OF_ENCODERS)),
                "wall_hours": round(self.hours, 4),
                "command": command,
                "started_from": {"images_seen": before.images_seen, **before.training},
            },
        )
        if self.held_out:
            card = replace(card, quality=measured(Autoencoder(card, network), self.held_out))
        return Autoencoder(card, network)
