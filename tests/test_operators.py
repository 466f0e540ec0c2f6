"""Linear operators: each against its own adjoint and pseudo-inverse, and what they do to
pictures."""

from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from diffviz.guidance.operators import (
    BlockMean,
    Blur,
    Grey,
    Identity,
    LinearOperator,
    Mask,
    gaussian_kernel,
    motion_kernel,
    pseudo_inverse,
)

SHAPE = (2, 3, 16, 24)


def hole() -> Mask:
    kept = torch.ones(SHAPE[-2:])
    kept[4:9, 10:20] = 0
    return Mask(kept)


OPERATORS: dict[str, Callable[[], LinearOperator]] = {
    "identity": Identity,
    "mask": hole,
    "mask-each": lambda: Mask((torch.arange(2 * 16 * 24).reshape(2, 1, 16, 24) % 3 > 0).float()),
    "blocks-2": lambda: BlockMean(2),
    "blocks-8": lambda: BlockMean(8),
    "grey": Grey,
    "gaussian": lambda: Blur(gaussian_kernel(1.5)),
    "motion": lambda: Blur(motion_kernel(7, 30)),
}


@pytest.fixture(params=OPERATORS)
def operator(request: pytest.FixtureRequest) -> LinearOperator:
    return OPERATORS[request.param]()


def normal(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def test_the_adjoint_is_one(operator: LinearOperator) -> None:
    x = normal(SHAPE, 1)
    y = normal(tuple(operator(x).shape), 2)
    assert torch.allclose((operator(x) * y).sum(), (x * operator.adjoint(y)).sum(), atol=1e-10)


def test_it_is_linear(operator: LinearOperator) -> None:
    x, z = normal(SHAPE, 1), normal(SHAPE, 2)
    assert torch.allclose(operator(2 * x - z), 2 * operator(x) - operator(z), atol=1e-12)


def test_the_pseudo_inverse_is_moore_s_and_penrose_s(operator: LinearOperator) -> None:
    x, z = normal(SHAPE, 1), normal(SHAPE, 2)
    y = operator(x)
    back = pseudo_inverse(operator, y)
    assert torch.allclose(operator(back), y, atol=1e-9)  # A·A⁺·A = A
    assert torch.allclose(pseudo_inverse(operator, operator(back)), back, atol=1e-9)  # A⁺·A·A⁺ = A⁺
    projected = pseudo_inverse(operator, operator(z))  # A⁺·A is symmetric
    assert torch.allclose((projected * x).sum(), (z * back).sum(), atol=1e-8)


@pytest.mark.parametrize("ridge", [0.3, torch.tensor([0.1, 2.0], dtype=torch.float64)])
def test_a_ridge_is_solved(operator: LinearOperator, ridge: float | Tensor) -> None:
    y = operator(normal(SHAPE, 3))
    solved = operator.solve(y, ridge)
    each = ridge[:, None, None, None] if isinstance(ridge, Tensor) else ridge
    assert torch.allclose(operator(operator.adjoint(solved)) + each * solved, y, atol=1e-9)


def test_a_mask_counts_what_is_known() -> None:
    y = hole()(normal(SHAPE, 0))
    assert hole().measured(y).tolist() == [3 * (16 * 24 - 50)] * 2  # type: ignore[union-attr]


def test_a_blur_keeps_the_mean_and_a_block_is_one() -> None:
    x = normal(SHAPE, 4)
    blurred = Blur(gaussian_kernel(2.0))(x)
    assert torch.allclose(blurred.mean((2, 3)), x.mean((2, 3)))
    assert blurred.std() < 0.5 * x.std()
    assert torch.allclose(BlockMean(4)(x)[0, 0, 0, 0], x[0, 0, :4, :4].mean())


def test_motion_follows_its_angle() -> None:
    level, steep = motion_kernel(9, 0), motion_kernel(9, 90)
    assert level.sum().item() == pytest.approx(1)
    assert torch.allclose(level, steep.T)
    middle = level.shape[0] // 2
    assert level[middle].sum().item() == pytest.approx(1)


def test_what_does_not_fit_gets_a_sentence() -> None:
    with pytest.raises(ValueError, match="24 × 16 pixels are not blocks of 5 × 5"):
        BlockMean(5)(normal(SHAPE, 0))
    with pytest.raises(ValueError, match="larger than the picture"):
        Blur(gaussian_kernel(9))(normal(SHAPE, 0))
    with pytest.raises(ValueError, match="odd sides"):
        Blur(torch.ones(2, 3))
