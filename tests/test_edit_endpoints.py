"""The endpoints /inpaint, /upscale and /restore, asked through a server as programs ask them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.test_apps import App, opened


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = opened(tmp_path_factory.mktemp("app"), training=False)
    with made.http:
        yield made


def ask(app: App, name: str, **said: Any) -> Any:
    """What an endpoint answers; what is not said has its default."""
    known = app.http.get("/gradio_api/info").json()["named_endpoints"][f"/{name}"]["parameters"]
    names = [one["parameter_name"] for one in known]
    assert set(said) <= set(names)
    values = [said.get(one["parameter_name"], one.get("parameter_default")) for one in known]
    return app.call(name, *values)


def sent(app: App, image: Image.Image) -> dict[str, Any]:
    file = io.BytesIO()
    image.save(file, "PNG")
    path = app.http.post("/gradio_api/upload", files={"files": file.getvalue()}).json()[0]
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def pixels(app: App, answer: Any) -> np.ndarray:
    content = app.http.get(f"/gradio_api/file={answer['path']}").content
    return np.asarray(Image.open(io.BytesIO(content)).convert("L"))


BOOT = Image.effect_noise((28, 28), 80)
QUICK = {"denoiser": "fashion", "steps": 4}


def hole(size: tuple[int, int] = (28, 28)) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, (8, 8, 18, 20))
    return mask


def test_inpaint_keeps_what_the_mask_leaves(app: App) -> None:
    picture, mask = sent(app, BOOT), sent(app, hole())
    result, measured, cheap, facts = ask(
        app, "inpaint", picture=picture, mask=mask, what="bag", method="pigdm", **QUICK
    )
    kept = np.asarray(hole()) == 0
    known = np.asarray(BOOT)
    for one in (result, measured, cheap):
        assert (pixels(app, one) == known)[kept].all()
    assert not (pixels(app, result) == known)[~kept].all()
    assert facts["method"] == "ΠGDM"
    assert facts["evaluations"] == 4 * 3 * 2
    assert facts["result"]["distance"] < 1e-3
    assert len(facts["fingerprint"]) == 16


def test_upscale_and_restore_tell_how_near_they_come(app: App) -> None:
    result, measured, cheap, facts = ask(
        app, "upscale", picture=sent(app, BOOT), factor=4, degrade=True, **QUICK
    )
    assert [pixels(app, one).shape for one in (result, measured, cheap)] == [
        (28, 28),
        (7, 7),
        (28, 28),
    ]
    assert facts["cheap"]["is"] == "bicubic"
    assert facts["cheap"]["psnr"] > 5
    assert facts["result"]["ssim"] <= 1
    assert facts["result"]["distance"] < 1
    *_, facts = ask(app, "restore", example_name="boot", task="denoise", degrade=True, **QUICK)
    assert facts["noise"] == pytest.approx(25, abs=4)


MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("inpaint", {}, "A mask is missing"),
    ("inpaint", {"mask": Image.new("L", (28, 28))}, "The mask is empty"),
    ("inpaint", {"mask": Image.new("L", (28, 28), 255)}, "The mask covers the whole picture"),
    ("inpaint", {"mask": hole((32, 28))}, "The mask has 32 × 28 pixels and the picture 28 × 28"),
    ("inpaint", {"mask": hole(), "count": 9}, "Count must be a whole number from 1 to 8, not 9"),
    ("upscale", {"factor": 8}, "28 × 28 pixels, which are not blocks of 8 × 8"),
    ("upscale", {"factor": 5}, "Unknown factor 5; choose from 2, 4, 8"),
    ("restore", {"task": "colour"}, "Fashion knows no colours"),
    ("restore", {"task": "upscale", "method": "repaint"}, "RePaint fills holes"),
    ("restore", {"task": "denoise", "denoiser": "none"}, "Unknown denoiser 'none'"),
    ("restore", {"method_parameters": {"x": 1}, "mask": hole()}, "has no parameter x"),
]


@pytest.mark.parametrize(("name", "said", "sentence"), MISTAKES)
def test_bad_input_gets_a_sentence(
    app: App, name: str, said: dict[str, Any], sentence: str
) -> None:
    mask = {"mask": sent(app, said["mask"])} if "mask" in said else {}
    answer = ask(app, name, picture=sent(app, BOOT), **{**QUICK, **said, **mask})
    assert sentence.lower() in answer["error"].lower()
