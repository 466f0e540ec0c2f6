"""What the Forward tab is told of a picture: what is looked at, and no more."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

import numpy as np
import pytest
import torch

from diffviz.data.examples import example
from diffviz.forward import noise
from diffviz.media.levels import grey_levels
from diffviz.serving.backend import Backend
from diffviz.serving.guessing import DENOISERS, eps_seen, sees, shape_seen, what_it_sees
from diffviz.ui.forward.tab import load, other_noise, see

NOBODY = cast(Backend, None)  # examples need none
SEEN = sorted(set(map(sees, DENOISERS)))


def levels(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8)


def half(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.float16)


def loaded(name: str, denoiser: str) -> Any:
    return load(NOBODY, {"example": name, "seed": 3, "denoiser": denoiser})


@pytest.mark.parametrize("name", ["boot", "sunset"])
@pytest.mark.parametrize("denoiser", SEEN)
def test_a_picture_comes_with_what_its_denoiser_sees(name: str, denoiser: str) -> None:
    answer, picture = loaded(name, denoiser), example(name)
    mine = answer["small"][denoiser]
    seen = what_it_sees(picture, denoiser)
    assert tuple(mine["shape"]) == seen.shape
    if mine["same"]:
        assert seen is picture
        assert "x0" not in mine
    else:
        assert (levels(mine["x0"]) == grey_levels(seen).numpy().ravel()).all()
        eps = eps_seen(denoiser, 3, tuple(seen.shape)).half().numpy().ravel()
        assert (half(mine["eps"]) == eps).all()


@pytest.mark.parametrize("name", ["boot", "sunset"])
def test_what_others_see_is_told_when_it_is_asked_for(name: str) -> None:
    answer = loaded(name, "fashion")
    for other in set(SEEN) - {"fashion"}:
        assert set(answer["small"][other]) == {"shape", "same"}
        asked = {"picture": {"example": name}, "seed": 3, "denoiser": other}
        mine = loaded(name, other)["small"][other]
        if not mine["same"]:
            assert see(NOBODY, asked) == {"x0": mine["x0"], "eps": mine["eps"]}


def test_a_small_picture_is_a_small_answer() -> None:
    assert len(json.dumps(loaded("boot", "fashion"))) < 5_000  # of 784 levels and 784 numbers


@pytest.mark.parametrize("denoiser", SEEN)
def test_other_noise_is_that_of_a_picture_loaded_anew(denoiser: str) -> None:
    picture, anew = example("sunset"), loaded("sunset", denoiser)
    asked = {"seed": 3, "shape": list(picture.shape), "denoiser": denoiser}
    answer = other_noise(asked)
    assert answer["eps"] == anew["eps"]
    if not anew["small"][denoiser]["same"]:
        assert answer["small_eps"] == anew["small"][denoiser]["eps"]
    assert (half(answer["eps"]) == noise(3, tuple(picture.shape)).half().numpy().ravel()).all()


@pytest.mark.parametrize("denoiser", SEEN)
def test_the_shape_of_what_is_seen_is_told_without_the_picture(denoiser: str) -> None:
    for shape in ((1, 28, 28), (3, 40, 64)):
        assert shape_seen(shape, denoiser) == what_it_sees(torch.zeros(shape), denoiser).shape
