"""A small transformer over the words of a sentence, trained with the denoiser that reads it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffviz.networks.layers import zero


class TextLayer(nn.Module):
    """Self-attention among words and an MLP, each as a residual after a norm (Vaswani et al. 2017,
    in the order of Xiong et al. 2020)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = zero(nn.Linear(width, width))
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), zero(nn.Linear(4 * width, width))
        )

    def forward(self, words: Tensor, absent: Tensor) -> Tensor:
        b, n, c = words.shape
        heads = self.qkv(self.norm1(words)).reshape(b, n, 3, self.heads, c // self.heads)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # (B, heads, words, C / heads) each
        scores = q * (c // self.heads) ** -0.5 @ k.transpose(-1, -2)
        weights = scores.masked_fill(absent[:, None, None], -torch.inf).softmax(dim=-1)
        words = words + self.out((weights @ v).transpose(1, 2).reshape(b, n, c))
        out: Tensor = words + self.mlp(self.norm2(words))
        return out


class TextEncoder(nn.Module):
    """(B, length) int64, words of a vocabulary from 1 and 0 where there is none → what a denoiser
    looks up: tokens (B, 1 + length, width), the first of which stands for the whole sentence, and
    which of them are absent, (B, 1 + length).

    The first is always there, so that nothing said is a sentence too: the null condition.
    """

    def __init__(self, vocabulary: int, length: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary + 1, width)
        self.whole = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, 1 + length, width))
        nn.init.normal_(self.words.weight, std=0.5)
        self.layers = nn.ModuleList(TextLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, condition: Tensor) -> tuple[Tensor, Tensor]:
        words = self.words(condition)
        tokens = torch.cat([self.whole.expand(len(words), -1, -1), words], dim=1) + self.places
        absent = F.pad(condition == 0, (1, 0), value=False)
        for layer in self.layers:
            tokens = layer(tokens, absent)
        return self.norm(tokens), absent
