"""Points in the plane: shapes, drawings, and the measures of how near samples come to data."""

import math

import numpy as np
import pytest
import torch
from torch import Generator

from diffviz.data.plane.drawings import Ink, own_points, picture_mask, word_mask
from diffviz.data.plane.shapes import SHAPES, shape_named
from diffviz.measure.points import (
    astray,
    covered,
    energy_distance,
    mean_distance,
    nearest_point,
    sliced_wasserstein,
)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_normalised_and_a_function_of_its_generator(name: str) -> None:
    shape = SHAPES[name]
    points, classes = shape.points(10_000, seeded(1))
    again, _ = shape.points(10_000, seeded(1))
    assert points.shape == (10_000, 2)
    assert points.dtype == torch.float32
    assert torch.equal(points, again)
    assert points.mean(0).abs().max() < 0.06
    assert abs(float(points.square().mean()) - 1) < 0.06
    assert classes.unique().tolist() == list(range(max(1, len(shape.classes))))


@pytest.mark.parametrize("name", ["eight", "twenty-five"])
def test_lumps_are_where_their_modes_say(name: str) -> None:
    shape = SHAPES[name]
    points, _ = shape.points(10_000, seeded(2))
    std = shape.spread / shape.scale
    assert covered(points, shape.centres(), std) == len(shape.modes)
    assert astray(points, shape.centres(), std) == pytest.approx(math.exp(-4.5), abs=0.004)
    assert astray(points + 10, shape.centres(), std) == 1
    one = shape.centres()[:1].expand(100, -1)
    assert covered(one, shape.centres(), std) == 1


def test_an_unknown_shape_and_too_many_points_get_a_sentence() -> None:
    with pytest.raises(ValueError, match="unknown shape 'cube'; choose from moons"):
        shape_named("cube")
    for count in (0, 10**6):
        with pytest.raises(ValueError, match="points must be from 1 to 10,000"):
            SHAPES["moons"].points(count, seeded(0))


def test_energy_distance_of_lines_is_known() -> None:
    # E|x − y| for x, y ~ N(0, 1) is 2/√π; for means d apart the folded normal's mean.
    n, d = 1500, 1.5
    quantiles = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    line = math.sqrt(2) * torch.erfinv(2 * quantiles - 1)[:, None]
    assert mean_distance(line, line) == pytest.approx(2 / math.sqrt(math.pi), abs=4e-3)
    normal = 0.5 * math.erfc(d / 2 / math.sqrt(2) * math.sqrt(2))
    apart = 2 / math.sqrt(math.pi) * math.exp(-(d**2) / 4) + d * (1 - 2 * normal)
    expected = math.sqrt(2 * apart - 4 / math.sqrt(math.pi))
    assert energy_distance(line, line + d) == pytest.approx(expected, abs=6e-3)
    assert energy_distance(line, line) == 0


def test_sliced_wasserstein_of_a_shift_and_of_a_scale_is_known() -> None:
    points, _ = SHAPES["moons"].points(3000, seeded(3))
    shift = torch.tensor([0.6, -0.8])
    # The mean over directions of ⟨shift, u⟩² is |shift|²/2 in the plane.
    assert sliced_wasserstein(points, points + shift, 400) == pytest.approx(
        math.sqrt(0.5), abs=0.06
    )
    rms = math.sqrt(float(points.double().square().sum(1).mean()) / 2)
    assert sliced_wasserstein(points, 2 * points, 400) == pytest.approx(rms, abs=0.03)
    with pytest.raises(ValueError, match="as many points of both"):
        sliced_wasserstein(points, points[:10])


def test_other_data_is_farther_than_fresh_data() -> None:
    moons = [SHAPES["moons"].points(800, seeded(s))[0] for s in (1, 2)]
    rings, _ = SHAPES["rings"].points(800, seeded(3))
    assert energy_distance(*moons) < 0.15 < energy_distance(moons[0], rings)


def test_the_nearest_point_is_found() -> None:
    data, _ = SHAPES["spiral"].points(3000, seeded(4))
    rows, distances = nearest_point(data[5:9] + 1e-4, data)
    assert rows.tolist() == [5, 6, 7, 8]
    assert distances.max() < 2e-4


def test_a_word_becomes_points_a_class_for_each_letter() -> None:
    points, letters = Ink(*word_mask("No1")).draw(2000, seeded(5))
    assert abs(float(points.square().mean()) - 1) < 0.1
    middles = [float(points[letters == k, 0].mean()) for k in range(3)]
    assert middles == sorted(middles)
    for word, why in (("   ", "type a word"), ("x" * 500, "at most 12 letters here, not 500")):
        with pytest.raises(ValueError, match=why):
            word_mask(word)


def test_dark_pixels_become_points() -> None:
    levels = np.full((40, 60), 230, np.uint8)
    levels[10:20, 5:55] = 20
    points, _ = Ink(picture_mask(levels)).draw(3000, seeded(6))
    assert points[:, 0].std() > 4 * points[:, 1].std()
    with pytest.raises(ValueError, match="all of one grey"):
        picture_mask(np.full((40, 60), 255, np.uint8))


def test_own_points_are_checked() -> None:
    made = own_points([(x, x * x) for x in range(10)])
    assert made.mean(0).abs().max() < 1e-6
    for places, why in (
        ([(0, 0)] * 3, "8 to 10,000 points, and here are 3"),
        ([(1, 2)] * 9, "all points are in one place"),
        ([(0, float("nan"))] * 9, "pairs of numbers"),
        ([(0, 1, 2)] * 9, "pairs of numbers"),
        (["ab"] * 9, "pairs of numbers"),
    ):
        with pytest.raises(ValueError, match=why):
            own_points(places)  # type: ignore[arg-type]
