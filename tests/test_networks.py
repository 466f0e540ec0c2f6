"""The U-Net: shapes, what starts at zero, and what its inputs do."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from diffviz.data.base import DataInfo, Slot
from diffviz.networks import NETWORKS, network_for, parse_network
from diffviz.networks.layers import NoiseEmbedding
from diffviz.networks.mlp import MLPConfig
from diffviz.networks.unet import UNet, UNetConfig
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


@pytest.mark.parametrize("shape", [(2,), (3, 4)])
def test_an_mlp_is_for_a_few_numbers(shape: tuple[int, ...]) -> None:
    network = MLPConfig(shape=shape, width=8, depth=2, slots=(3, 2)).build()
    x, condition = torch.randn(4, *shape), torch.tensor([[0, 0], [3, 2], [1, 1], [0, 2]])
    assert not network(x, torch.zeros(4), condition).any()  # it starts at zero
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    levels = torch.tensor([-2.0, -1.0, 0.0, 1.5])
    output = network(x, levels, condition)
    assert output.shape == x.shape
    torch.testing.assert_close(network(x[2:], levels[2:], condition[2:]), output[2:])
    for changed in (
        (x + 1, levels, condition),
        (x, levels + 0.1, condition),
        (x, levels, 0 * condition),
    ):
        assert (network(*changed)[3] - output[3]).abs().amax() > 1e-5
    output.square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


SLOTS = (Slot("side", ("left", "right")),)


def test_each_kind_of_data_has_its_network() -> None:
    picture = DataInfo("wide", (3, 16, 24), 0.5, SLOTS, "CC0", "nobody")
    assert network_for(picture) == UNetConfig(image_size=(16, 24), image_channels=3, slots=(2,))
    points = replace(picture, shape=(2,), medium="points")
    assert network_for(points) == MLPConfig(shape=(2,), slots=(2,))


@pytest.mark.parametrize("config", [TINY, MLPConfig(shape=(3,), slots=(4, 5))])
def test_a_network_comes_back_from_its_card(config: UNetConfig | MLPConfig) -> None:
    card = json.loads(json.dumps(asdict(config)))
    assert card["kind"] in NETWORKS
    assert parse_network(card) == config


def test_a_card_of_no_kind_is_of_a_square_unet() -> None:
    card = {"image_size": 8, "channels": [8, 8], "blocks": [1, 1], "heads": 2, "slots": [3]}
    assert parse_network(card) == TINY


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ({"kind": "gan"}, "unknown network 'gan'; choose from unet, mlp"),
        ({"kind": ["unet"]}, "unknown network"),
        ({"kind": "mlp", "width": 10**9}, "width: input should be less than or equal to 1024"),
        ({"kind": "mlp", "depth": "3"}, "depth: input should be a valid integer"),
        ({"kind": "mlp", "channels": [8]}, "channels: "),
        ({"heads": 0}, "heads: input should be greater than or equal to 1"),
    ],
)
def test_what_a_card_says_of_a_network_is_checked(card: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_network(card)


def test_an_mlp_is_not_built_for_large_samples() -> None:
    with pytest.raises(ValueError, match="at most 1024 numbers"):
        MLPConfig(shape=(64, 64)).build()
