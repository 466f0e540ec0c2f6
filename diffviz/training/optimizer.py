"""AdamW over one vector of all weights, of which each thread takes a step for its part."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from diffviz.cpu.threads import Threads

MAX_NORM = 1.0  # of the gradient; a longer one is shortened to it


class AdamW:
    """Loshchilov & Hutter 2019, algorithm 2; the gradient's norm is clipped (Pascanu et al. 2013).

    weights: (P,), changed in place. moments: of each weight's gradient, what is kept of it.
    """

    def __init__(self, weights: Tensor) -> None:
        self.weights = weights
        self.moments: Mapping[str, Tensor] = {
            name: torch.zeros_like(weights) for name in ("exp_avg", "exp_avg_sq")
        }

    def step(self, gradient: Tensor, learning_rate: float, steps: int, threads: Threads) -> None:
        """gradient: (P,), clipped in place; one that is no number changes nothing. steps: that
        were taken before this one."""

        def part(weights: Tensor, gradient: Tensor, mean: Tensor, square: Tensor) -> None:
            gradient *= clip
            adamw(
                params=[weights],
                grads=[gradient],
                exp_avgs=[mean],
                exp_avg_sqs=[square],
                max_exp_avg_sqs=[],
                state_steps=[torch.full((), float(steps), device=weights.device)],
                found_inf=is_no_number,
                fused=True,
                amsgrad=False,
                beta1=0.9,
                beta2=0.99,
                lr=learning_rate,
                weight_decay=0.01,
                eps=1e-8,
                maximize=False,
            )

        norms = threads.share(torch.linalg.vector_norm, gradient)
        # A number on the gradient's device, which is not waited for.
        norm = torch.stack(norms).norm()
        clip = MAX_NORM / norm.clamp(min=MAX_NORM)
        is_no_number = (~norm.isfinite()).float()
        threads.share(part, self.weights, gradient, *self.moments.values())
