"""The bench's measure of likeness: what eyes mind more is farther."""

import torch
import torch.nn.functional as F
from torch import Generator

from diffviz.data.photos.crops import split_of
from diffviz.media.decoding import load_picture
from tests.bench.lpips import lpips


def test_what_is_hardly_seen_is_near() -> None:
    picture = load_picture(split_of("held-out")[0].file)[None, :, :128, :128]
    noise = torch.randn(picture.shape, generator=Generator().manual_seed(0))
    small = F.interpolate(F.avg_pool2d(picture, 4), scale_factor=4, mode="bicubic")
    assert lpips(picture, picture) == 0
    shifted, darker = picture.roll(1, -1), picture * 0.9 - 0.1
    assert max(lpips(shifted, picture), lpips(darker, picture)) < 0.05
    for worse in (small, picture + 0.3 * noise):
        assert lpips(worse, picture) > 0.2
        assert abs(lpips(worse, picture) - lpips(picture, worse)) < 1e-6
