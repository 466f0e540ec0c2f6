"""The U-Net: shapes, what starts at zero, and what its inputs do."""

from dataclasses import replace

import pytest
import torch

from diffviz.networks.unet import NoiseEmbedding, UNet, UNetConfig
from tests.oracles.networks import TINY, random_unet

CONFIGS = [
    TINY,
    UNetConfig(image_size=(28, 28), channels=(8, 8), heads=2),
    UNetConfig(image_size=(32, 32), image_channels=3, channels=(8, 16), heads=4, slots=(2, 5)),
    UNetConfig(
        image_size=(30, 30), channels=(8, 8, 8), blocks=(1, 1, 2), heads=1
    ),  # 15, 8, 4 pixels
    UNetConfig(image_size=(9, 9), channels=(8,), blocks=(1,), heads=2, patch=1),
    UNetConfig(image_size=(16, 24), channels=(8, 8), heads=2, slots=(2,), cross_attention=True),
    UNetConfig(image_size=(13, 9), channels=(8, 8, 8), blocks=(1, 1, 1), attention=False),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{config.image_size} pixels")
def test_the_output_is_shaped_like_the_picture(config: UNetConfig) -> None:
    x = torch.randn(2, config.image_channels, *config.image_size)
    condition = torch.tensor([config.slots, [0] * len(config.slots)])  # the largest, and none
    network = random_unet(config)
    output = network(x, torch.tensor([-1.5, 2.0]), condition)
    assert output.shape == x.shape
    output.square().sum().backward()
    unused = [name for name, p in network.named_parameters() if p.grad is None]
    assert unused == []


@pytest.mark.parametrize("size", [(8, 8), (16, 40), (31, 17), (1, 3)])
def test_without_attention_a_picture_of_any_size_will_do(size: tuple[int, int]) -> None:
    network = random_unet(replace(TINY, attention=False))
    assert network.config.any_size
    assert not TINY.any_size
    x = torch.randn(2, 1, *size)
    assert network(x, torch.zeros(2), torch.zeros(2, 1).long()).shape == x.shape


def test_without_attention_a_part_does_not_depend_on_what_is_far_away() -> None:
    network = random_unet(replace(TINY, attention=False))
    x = torch.randn(1, 1, 8, 128)
    arguments = torch.zeros(1), torch.zeros(1, 1).long()
    torch.testing.assert_close(
        network(x, *arguments)[..., :32], network(x[..., :96], *arguments)[..., :32]
    )


def test_a_new_network_predicts_zero() -> None:
    x = torch.randn(2, 1, 8, 8)
    assert not UNet(TINY)(x, torch.zeros(2), torch.zeros(2, 1).long()).any()


@pytest.mark.parametrize("change", ["picture", "noise level", "condition"])
def test_every_input_counts_and_only_for_its_own_picture(change: str) -> None:
    network = random_unet()
    x, noise_level, condition = torch.randn(3, 1, 8, 8), torch.zeros(3), torch.zeros(3, 1).long()
    before = network(x, noise_level, condition)
    {"picture": x, "noise level": noise_level, "condition": condition}[change][1] += 1
    after = network(x, noise_level, condition)
    differs = (after - before).abs().amax((1, 2, 3)) > 1e-5
    assert differs.tolist() == [False, True, False]


def test_memory_format_is_a_matter_of_speed_alone() -> None:
    network, x = random_unet(), torch.randn(2, 1, 8, 8)
    arguments = torch.zeros(2), torch.ones(2, 1).long()
    plain = network(x, *arguments)
    fast = network.to(memory_format=torch.channels_last)(x, *arguments)
    torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-5)


def test_noise_levels_that_differ_are_told_apart() -> None:
    levels = torch.linspace(-2, 2, 401)
    embedding = NoiseEmbedding(16)
    angles = levels[:, None] * embedding.frequencies
    features = torch.cat([angles.cos(), angles.sin()], 1)
    distance = torch.cdist(features, features) + 100 * torch.eye(len(levels))
    assert distance.min() > 0.1  # neighbours are a hundredth apart
    assert distance.argmin(1).sub(torch.arange(401)).abs().max() == 1  # and nothing comes round


def test_detail_passes_by_the_coarse_level() -> None:
    network = random_unet()
    with torch.no_grad():
        for layer in network.upsample.parameters():
            layer.zero_()
    x = torch.randn(1, 1, 8, 8, requires_grad=True)
    network(x, torch.zeros(1), torch.zeros(1, 1).long()).square().sum().backward()
    assert x.grad is not None
    assert (x.grad != 0).all()
