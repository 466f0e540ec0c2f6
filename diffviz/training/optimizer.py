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

    weights: (P,), changed in place. moments: of each weight's gradient, what is kept of it. betas,
    decay: β1 and β2 of the moments, and the decay of weights; with a decay of 0 it is Adam (Kingma
    & Ba 2015). max_norm: of the gradient.
    """

    def __init__(
        self,
        weights: Tensor,
        betas: tuple[float, float] = (0.9, 0.99),
        decay: float = 0.01,
        max_norm: float = MAX_NORM,
    ) -> None:
        self.weights = weights
        self.betas, self.decay, self.max_norm = betas, decay, max_norm
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
                beta1=self.betas[0],
                beta2=self.betas[1],
                lr=learning_rate,
                weight_decay=self.decay,
                eps=1e-8,
                maximize=False,
            )

        norms = threads.share(torch.linalg.vector_norm, gradient)
        # A number on the gradient's device, which is not waited for.
        norm = torch.stack(norms).norm()
        clip = (self.max_norm / norm).clamp(max=1)
        is_no_number = (~norm.isfinite()).float()
        threads.share(part, self.weights, gradient, *self.moments.values())
