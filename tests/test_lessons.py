"""The lesson: its files, what they point to, and what its experiments find, either way."""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import math
import re
from functools import cache
from html import unescape
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
import pytest
import torch
from PIL import Image

from diffviz.checkpoints import Checkpoint, load_checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.lessons.experiments import EXPERIMENTS
from diffviz.lessons.experiments.minimal import CODE, add_noise_once, learned, source
from diffviz.lessons.experiments.plane import compared, weighed
from diffviz.lessons.experiments.race import judged, recorded
from diffviz.lessons.experiments.reverse import LADDER, met, verdict
from diffviz.lessons.experiments.speed import raced
from diffviz.lessons.figures import DRAWN, figure, numbers
from diffviz.lessons.lesson import parse, resolve, sections
from diffviz.lessons.notebook import notebook, tried
from diffviz.lessons.teacher import teacher
from diffviz.rivals.outcome import places
from diffviz.rivals.record import read_recording
from diffviz.rivals.recorded import FILES
from diffviz.rivals.settings import RIVALS
from diffviz.runs.plane import PlaneSettings
from diffviz.runs.schema import RunSettings
from diffviz.serving.admission import Admission
from diffviz.settings import Settings, declared
from diffviz.ui.edit.tab import OnPage
from diffviz.ui.forward import tab as forward
from diffviz.ui.learn.tab import EXPERIMENT, _recent, facts, notebook_told

WHOLE = """+++
title = "A title"
code = ["diffviz.forward:add_noise"]
[[experiments]]
name = "once"
heading = "Once"
[experiments.claims]
many = "{jump}"
one = "{many}"
alike = "{steps}"
[[papers]]
title = "A paper"
authors = "Somebody"
year = 2020
+++
Text with `$x_t$`.
"""
QUESTION = """[[questions]]
question = "Q?"
choices = ["a", "b"]
answer = 1
why = ["no", "yes"]
[[papers]]"""


@cache
def served(name: str) -> tuple[Checkpoint, Denoiser]:
    checkpoint = load_checkpoint(name)
    return checkpoint, checkpoint.denoiser()


def run(name: str, **settings: Any) -> list[dict[str, Any]]:
    experiment = EXPERIMENTS[name]
    assert experiment.run
    return list(experiment.run(experiment.settings(**settings), served))


def test_there_are_twelve_sections_in_order() -> None:
    names = [section.name for section in sections()]
    assert len(names) == len(set(names)) == 12
    assert (names[0], names[-1]) == ("problem", "practice")


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_where_the_real_thing_stands_is_there(section: Any) -> None:
    for reference in section.code:
        assert resolve(reference) is not None


def test_a_reference_to_nothing_is_found_out() -> None:
    with pytest.raises(ValueError, match="there is no"):
        resolve("diffviz.forward:nothing")


def test_every_experiment_is_shown_somewhere() -> None:
    shown = {shown.name for section in sections() for shown in section.experiments}
    assert shown == set(EXPERIMENTS)


def test_a_section_is_one_text() -> None:
    section = parse("a", WHOLE.replace("[[papers]]", QUESTION))
    assert section.title == "A title"
    assert "<code>$x_t$</code>" in section.html
    assert section.questions[0].why[1] == "yes"


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("+++\ntitle", "title", "must begin with a front matter"),
        ('title = "A title"', "title = A title", "no TOML"),
        ('title = "A title"\n', "", "title: field required"),
        ('"once"', '"twice"', "unknown experiment 'twice'; choose from"),
        ('heading = "Once"', 'heading = "Once"\nsettings = { steps = 1 }', "steps must be"),
        ('heading = "Once"', 'heading = "Once"\nsettings = { step = 5 }', "unknown setting 'step'"),
        ('one = "{many}"\n', "", "claims of once must be for many, one, alike"),
        ("{many}", "{much}", "unknown measure 'much'"),
        ("diffviz.forward:add_noise", "os:system", "code must look like"),
        ("[[papers]]", QUESTION.replace("answer = 1", "answer = 2"), "has no choice 2"),
        ("[[papers]]", QUESTION.replace(', "yes"', ""), "a why for each choice"),
    ],
)
def test_what_is_wrong_with_a_section_is_told_in_a_sentence(
    right: str, wrong: str, said: str
) -> None:
    assert right in WHOLE
    with pytest.raises(ValueError, match=said):
        parse("a", WHOLE.replace(right, wrong, 1))


def links(text: str) -> list[str]:
    return re.findall(r'href="#([^"]+)"', text)


def test_what_sections_and_the_teacher_s_page_link_to_is_there() -> None:
    tabs: dict[str, type[Settings]] = {
        "sample": RunSettings,
        "edit": OnPage,
        "forward": forward.OnPage,
        "plane": PlaneSettings,
    }
    own = {"denoiser", "beside", "hide", "rivals"}  # of the page's controls alone
    places = {f"{s.name}/{shown.name}" for s in sections() for shown in s.experiments}
    places |= {f"{s.name}/{i + 1}" for s in sections() for i in range(len(s.questions))}
    places |= {section.name for section in sections()}
    found = [link for text in (teacher(), *(s.html for s in sections())) for link in links(text)]
    assert len(found) > 15
    for link in found:
        tab, _, said = unescape(link).partition("?")
        if tab.startswith("learn/"):
            assert tab.removeprefix("learn/") in places
            continue
        settings = dict(parse_qsl(said))
        for name, value in settings.items():
            assert name in own or name in declared(tabs[tab]), link
            if name == "hide":
                assert value in declared(tabs[tab]), link


def test_the_notebook_runs() -> None:
    """All of its cells, with fewer steps than the lesson has, as a kernel would run them: each
    shows what was found, in words, and as a figure."""
    shown = {(s.name, one.name): one for s in sections() for one in s.experiments}
    there = [(of, name) for of, name in shown if EXPERIMENTS[name].run]
    quick = {**QUICK, "race": {"updates": 50, "seeds": 1}}
    told = json.loads(notebook(changes={f"{of}/{name}": quick.get(name, {}) for of, name in there}))
    assert (told["nbformat"], told["nbformat_minor"]) == (4, 5)
    cells = told["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    first, *calls = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    space: dict[str, Any] = {}
    exec(first, space)
    found = [eval(call, space) for call in calls]
    assert len(found) == len(there)
    for one in found:
        assert str(one)
        assert "{" not in str(one)
        assert html.escape(str(one)) in one._repr_html_()
        png = re.findall(r'src="data:image/png;base64,([^"]+)"', one._repr_html_())
        with Image.open(io.BytesIO(base64.b64decode(png[0]))) as image:
            assert min(image.size) > 100
    assert any("Fréchet distance" in str(one) for one in found)
    words = "".join(cell["source"] for cell in cells)
    assert "```math" not in words
    assert "`$" not in words
    assert "def add_noise_once" in words
    plain = json.loads(notebook())["cells"]
    assert "tried('stable', 'race')" in [cell["source"] for cell in plain]
    with pytest.raises(ValueError, match="has no experiment 'straight' that runs without a page"):
        tried("forward", "straight")


def test_the_notebook_repeats_what_was_tried_in_the_page() -> None:
    seen = notebook_told({"tried": {"misunderstandings/once": {"steps": 7, "seed": 3}}})
    assert "tried('misunderstandings', 'once', steps=7, seed=3)" in seen["notebook"]
    for wrong in ({"steps": 10**9}, {"strange": 1}, 5):
        assert notebook_told({"tried": {"misunderstandings/once": wrong}})["error"].endswith(".")
    assert notebook_told({})["error"]


def test_an_unknown_language_is_told() -> None:
    with pytest.raises(ValueError, match="choose from en"):
        sections("xx")


QUICK: dict[str, dict[str, Any]] = {
    "loop": {"updates": 20},
    "race": {"updates": 50, "seeds": 1, "rivals": ("gan", "diffusion")},
    "speed": {"steps": 2},
    "back": {"steps": 3},
    "words": {"steps": 3, "text": "a frog"},
    "latent": {"steps": 3},
    "fewest": {"steps": 2},
    "pictures": {"samples": 16, "steps": 2},
}


@pytest.mark.parametrize("name", [name for name, known in EXPERIMENTS.items() if known.run])
def test_an_experiment_ends_in_one_of_its_outcomes(name: str) -> None:
    messages = run(name, **QUICK.get(name, {}))
    json.dumps(messages)
    last, known = messages[-1], EXPERIMENTS[name]
    if known.outcomes:
        assert last["outcome"] in known.outcomes
        assert set(last["measured"]) <= set(known.measures)
    else:
        assert last == {"end": True}
    assert not any("outcome" in message or "end" in message for message in messages[:-1])


def test_the_step_by_hand_is_the_sampler_s() -> None:
    """What the page writes out, α_s·x̂0 + σ_s·ε̂, is where the run goes next."""
    frames = [m["frame"] for m in run("apart", factor=1.0) if "frame" in m]
    lane = [frame for frame in frames if frame["lane"] == 0]

    def numbers(text: str) -> torch.Tensor:
        return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float16).float()

    for here, there in pairwise(lane):
        made = here["alpha"][1] * numbers(here["x0"]) + here["sigma"][1] * numbers(here["eps"])
        assert (made - numbers(there["x"])).abs().max() < 0.01
    other = [frame for frame in frames if frame["lane"] == 1]
    assert other[-1]["x"] == lane[-1]["x"]


def test_a_figure_is_of_what_was_measured() -> None:
    assert set(DRAWN) == {name for name, known in EXPERIMENTS.items() if known.run}
    told = run("once", steps=20)
    data, jump, steps = (lane for message in told if (lane := message.get("lane")))
    axes = figure("once", told).axes
    assert [ax.get_title().replace("\n", " ") for ax in axes] == [
        data["label"],
        jump["label"],
        steps["label"],
    ]
    assert axes[1].get_xlabel() == f"Fréchet distance {jump['distance']:.3g}"
    drawn = torch.as_tensor(axes[2].collections[0].get_offsets().data)
    assert torch.equal(drawn, numbers(steps["points"], (-1, 2)).double())
    run_apart = figure("apart", run("apart", steps=3, step=1, factor=0.5)).axes
    assert len(run_apart) == 8
    assert "0.5 in step 2" in run_apart[4].get_title("left")
    same = [(a.get_images()[0].get_array() == b.get_images()[0].get_array()).all()
            for a, b in zip(run_apart[:4], run_apart[4:], strict=True)]  # fmt: skip
    assert same == [True, True, False, False]
    with pytest.raises(ValueError, match="choose from back, words"):
        figure("straight", [])
    with pytest.raises(ValueError, match="it has not run"):
        figure("back", [])


def test_one_changed_number_leads_elsewhere() -> None:
    assert run("apart", factor=1.5)[-1]["outcome"] == "elsewhere"
    assert run("apart", factor=1.0)[-1]["outcome"] == "near"
    with pytest.raises(ValueError, match="step must be below 5"):
        run("apart", steps=5, step=5)


def test_one_jump_is_much_worse_than_many_steps() -> None:
    assert run("once")[-1]["outcome"] == "many"


def test_one_jump_is_much_worse_on_pictures_too() -> None:
    messages = run("pictures", samples=32, steps=5)
    lanes = [message["lane"] for message in messages if "lane" in message]
    assert [lane["name"] for lane in lanes] == ["data", "jump", "steps"]
    assert messages[-1]["outcome"] == "many"
    assert lanes[1]["distance"] > 2 * lanes[2]["distance"]
    assert messages[-1]["measured"]["real"] == lanes[0]["distance"] < lanes[1]["distance"]
    assert len(lanes[1]["pictures"]) == 8


def test_a_wrong_schedule_and_a_wrong_t_are_worse() -> None:
    assert run("schedule")[-1]["outcome"] == "matters"
    lanes = [m["lane"]["name"] for m in run("schedule", handles=(1, 0.5, 0.001)) if "lane" in m]
    assert lanes[-1] == "drawn"


def test_words_are_understood() -> None:
    ends = [run("words", steps=2, text=text)[-2]["frame"]["x"] for text in ("a frog", "a dwarf")]
    assert ends[0] != ends[1]


def test_a_claim_follows_its_numbers() -> None:
    """Each verdict, with numbers that say so and with others."""
    assert [compared(*pair, 50)["outcome"] for pair in [(2, 0.1), (0.1, 2), (1, 1)]] == [
        "many",
        "one",
        "alike",
    ]
    wrong = [
        weighed(0.1, short, misled)["outcome"] for short, misled in [(1, 1), (1, 0.1), (0.1, 0.1)]
    ]
    assert wrong == ["matters", "partly", "not"]
    for outcome, enough in (("one", 1), ("few", 5), ("many", 20)):
        distances = {steps: 0.01 if steps >= enough else 1.0 for steps in LADDER}
        assert verdict(distances, 1.0)["outcome"] == outcome
    assert verdict(dict.fromkeys(LADDER, 1.0), 1.0)["measured"]["enough"] == 100
    assert [met(8, *pair)["outcome"] for pair in [(0.05, 0.2), (0.2, 0.3), (0.05, 0.06)]] == [
        "met",
        "few",
        "many",
    ]
    assert [raced(*pair, 50)["outcome"] for pair in [(1, 2), (2, 1)]] == ["slower", "faster"]
    assert judged({"gan": 1, "vae": 2}, {"gan": 1, "vae": 0}, 1, 50)["outcome"] == "gan"
    assert judged({"gan": 2, "vae": 1}, {"gan": 1, "vae": 0}, 1, 50)["outcome"] == "vae"
    assert [learned(away, 1.0, 1, [1.0])["outcome"] for away in (0.1, 0.9)] == ["learned", "not"]


def test_the_recorded_race_is_told_as_it_was_measured() -> None:
    told = recorded()
    numbers = places(read_recording(FILES["race-eight"]).status["points"][-1][2:])
    energies = [sum(p.score.energy for p in numbers[i * 5 : i * 5 + 5]) / 5 for i in range(4)]
    measured = told["found"]["measured"]
    assert [measured[f"{name}_energy"] for name in RIVALS] == pytest.approx(energies)
    assert told["found"]["outcome"] == list(RIVALS)[energies.index(min(energies))]
    assert [message["cloud"]["name"] for message in told["messages"][1:]] == list(RIVALS)
    shown = next(s for s in sections() if s.name == "stable").experiments
    (claims,) = (part.claims for part in shown if part.name == "recorded")
    assert all("{gan_collapsed} GAN" in claim for claim in claims.values())


def test_the_code_that_is_shown_is_what_runs() -> None:
    x = torch.zeros(1, 3, 64, 64)
    noisy = add_noise_once(x, 0.5, 0)
    assert noisy.shape == x.shape
    assert float(noisy.std()) == pytest.approx(0.5, rel=0.02)
    for name in CODE:
        assert source(name).startswith("def ")
    assert len(source("loop").splitlines()) <= 24
    assert math.isclose(run("noising", factor=0.3)[-1]["measured"]["snr"], 4.82, rel_tol=0.01)


def test_the_page_s_facts_are_small() -> None:
    assert len(json.dumps(facts())) < 60_000


def messages(request: Any) -> list[dict[str, Any]]:
    admission = Admission(1, 1, 60)
    models = SimpleNamespace(served=lambda name, token, ticket: served(name))
    backend: Any = SimpleNamespace(admission=admission, models=models)
    visitor: Any = SimpleNamespace(session_hash="someone", client=None)

    async def listen() -> list[dict[str, Any]]:
        event: Any = gr.EventData(None, {"request": request})
        return [json.loads(text) async for text in EXPERIMENT(backend, event, visitor)]

    try:
        return asyncio.run(listen())
    finally:
        admission.close()


def test_a_figure_goes_the_same_way_and_runs_nothing_that_ran() -> None:
    asked = {"experiment": "once", "settings": {"steps": 20, "seed": 5}}
    wanted = {"id": 4, **asked, "figure": {"format": "figure-svg", "theme": "dark"}}
    *_, last = messages(wanted)
    assert (last["id"], last["file"]["name"]) == (4, "diffviz-once.svg")
    assert b"<svg" in base64.b64decode(last["file"]["content"])
    known = len(_recent)
    *_, again = messages(wanted)
    assert (again["file"], len(_recent)) == (last["file"], known)
    for wrong in ({"format": "gif", "theme": "dark"}, {"format": "figure-png", "theme": "red"}, 5):
        assert messages({**wanted, "figure": wrong})[-1]["failed"].endswith(".")


def test_an_experiment_goes_through_the_admission() -> None:
    told = messages({"id": 3, "experiment": "once", "settings": {"steps": 20}})
    assert {message["id"] for message in told} == {3}
    assert told[-1]["outcome"] == "many"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        {"experiment": "nothing", "settings": {}},
        {"experiment": "straight", "settings": {}},  # the browser does it
        {"experiment": ["once"], "settings": {}},
        {"experiment": "once", "settings": {"steps": 10**9}},
        {"experiment": "once", "settings": {"strange": 1}},
        {"experiment": "once", "settings": 5},
        {"experiment": "race", "settings": {"rivals": ["nobody"]}},
        {"experiment": "schedule", "settings": {"handles": [2, 1]}},
    ],
)
def test_nonsense_is_answered_with_a_sentence(wrong: Any) -> None:
    *_, last = messages(wrong)
    assert last["failed"].endswith(".")
