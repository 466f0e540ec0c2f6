"""Cross-attention watched, and put in another's place, by hooks on a network of shared weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffviz.networks.unet import CrossAttention


def with_own_hooks(network: nn.Module) -> nn.Module:
    """The same network, of the very same weights: what is hooked to it, others do not run into."""
    shared = chain(network.parameters(), network.buffers())
    return copy.deepcopy(network, {id(tensor): tensor for tensor in shared})


def looks_up(network: nn.Module) -> bool:
    """Whether its pixels look anything up."""
    return any(isinstance(module, CrossAttention) for module in network.modules())


def attentions(network: nn.Module) -> list[nn.Module]:
    """The modules from which pixels have the weights of the tokens that they look up; raises
    ValueError where there are none."""
    lookups = [module for module in network.modules() if isinstance(module, CrossAttention)]
    found: list[nn.Module] = [lookup.attend for lookup in lookups]
    if not found:
        raise ValueError("this network's pixels look no words up")
    return found


class WatchedAttention:
    """Hooked to a network, whose pixels are of an image of that size: its latest evaluation's
    weights, as maps of the tokens, (B, tokens, h, w).

    They are the mean over heads and over all lookups, coarser ones enlarged, so that one evaluation
    is all that is ever held. Each pixel's weights sum to 1. Raises as `attentions`.
    """

    def __init__(self, network: nn.Module, size: Sequence[int]) -> None:
        self.size = size
        self._seen: list[Tensor] = []
        network.register_forward_pre_hook(lambda module, inputs: self._seen.clear())
        for attend in attentions(network):
            attend.register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, inputs: Any, weights: Tensor) -> None:
        scale = math.sqrt(weights.shape[-1] / math.prod(self.size))
        height, width = (round(side * scale) for side in self.size)
        mean = weights.detach().mean(dim=1)
        self._seen.append(mean.reshape(*mean.shape[:2], height, width))

    def maps(self) -> Tensor:
        """Of the evaluation that was last."""
        finest = max((seen.shape[-2:] for seen in self._seen), key=math.prod)
        return torch.stack(
            [F.interpolate(seen, finest, mode="bilinear") for seen in self._seen]
        ).mean(dim=0)


class KeptAttention:
    """Hooked to a network: rows of its batch see with the weights of other rows (prompt-to-prompt,
    Hertz et al. 2022, section 3.2), while it is `on`.

    count: so many rows there are, of each of which the next `count` take the weights. places: of
    each of the tokens of those that take them, the token of the others that it has the weights of,
    or −1 where it has none: it keeps its own. Each pixel's weights then sum to 1 again.
    """

    def __init__(self, network: nn.Module, count: int, places: Sequence[int]) -> None:
        self.count = count
        self.places = torch.tensor(places)
        self.on = True
        for attend in attentions(network):
            attend.register_forward_hook(self._put)

    def _put(self, module: nn.Module, inputs: Any, weights: Tensor) -> Tensor | None:
        if not self.on:
            return None
        n, places = self.count, self.places.to(weights.device)
        theirs = weights[:n].index_select(2, places.clamp(min=0))
        kept = torch.where((places >= 0)[:, None], theirs, weights[n : 2 * n])
        kept = kept / kept.sum(dim=2, keepdim=True)
        return torch.cat([weights[:n], kept, weights[2 * n :]])
