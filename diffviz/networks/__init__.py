"""The registry of networks that denoisers are made of.

A new network is one module beside this one, with its config and an entry of NETWORKS; checkpoints
and trainings find it there by the kind that a card names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diffviz.data import source_of
from diffviz.data.base import DataInfo
from diffviz.media.registry import medium_of
from diffviz.networks.base import NetworkConfig
from diffviz.networks.dense import DenseConfig
from diffviz.networks.mlp import MLPConfig
from diffviz.networks.text_unet import TextUNetConfig
from diffviz.networks.unet import UNetConfig

NETWORKS: dict[str, type[NetworkConfig]] = {
    "unet": UNetConfig,
    "mlp": MLPConfig,
    "dense": DenseConfig,
    "text-unet": TextUNetConfig,
}
FIRST = "unet"  # of cards from before there was a choice


def parse_network(fields: Mapping[str, Any]) -> NetworkConfig:
    """A card's network; raises ValueError, in a sentence, for what it cannot be."""
    return kind_of(str(fields.get("kind", FIRST))).parse(fields)


def network_for(info: DataInfo) -> NetworkConfig:
    """The usual network for a data set, of the kind that its medium names."""
    return kind_of(medium_of(info).network).suited_to(info).changed(source_of(info).network)


def kind_of(name: str) -> type[NetworkConfig]:
    """The entry of that name; raises ValueError, naming those that there are."""
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}; choose from {', '.join(NETWORKS)}")
    return NETWORKS[name]
