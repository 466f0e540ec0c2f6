"""The Sample tab's controls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import gradio as gr
from gradio.components import Component

from diffviz.runs.asking import IN_TURN
from diffviz.runs.schema import (
    DRAWN,
)
from diffviz.schedules import SCHEDULES
from diffviz.serving.frames import SAME_STEP
from diffviz.serving.glossary import TERMS
from diffviz.serving.models import Models, bundled_card
from diffviz.serving.sampling import (
    ASKED,
    ON_PAGE,
    ON_THE_PAGE,
    PAGE_STEPS,
    PARAMETERS,
    SHOWN,
    things,
    variations,
)
from diffviz.settings import plain
from diffviz.ui.component import page_call
from diffviz.ui.controls import control, keep_whole
from diffviz.ui.links import Place
from diffviz.ui.sample.words import WordControls, build_words

RIVALS = 2
IDS = {"zero_terminal_snr": "ztsnr", "clip_x0": "clip"}


@dataclass(frozen=True)
class Controls:
    """named: those of `Asked` that are on the page; extra: those that only the page has (the
    sentence, rivals, a slider for each parameter, the drawn curve). places: what of them is in
    the page's links."""

    named: dict[str, Component]
    extra: list[Component]
    places: list[Place]
    denoiser: gr.Dropdown
    what: gr.Dropdown
    words: WordControls
    vary: gr.Dropdown
    values: gr.Dropdown
    seed: Component
    start: gr.Button
    stop: gr.Button
    dice: gr.Button

    def of(self, names: Iterable[str]) -> list[Component]:
        """Those of the settings of these names."""
        return [self.named[name] for name in names]


def build_controls(models: Models) -> Controls:
    """Build them inside the current gr.Column: what is asked for, then what is declared for
    sampling, and what of that is advanced folded away."""
    said = {name: plain(ON_THE_PAGE[name].default) for name in SHOWN}
    denoiser = gr.Dropdown(
        models.choices(),
        value=ASKED["denoiser"].default,
        label=ASKED["denoiser"].label,
        allow_custom_value=True,  # trainings come and go; `Models` knows which there are
        elem_id="sample-model",
    )
    what = gr.Dropdown(
        things(bundled_card().data),
        value=IN_TURN,
        label=ASKED["what"].label,
        allow_custom_value=True,  # another denoiser knows other things
        elem_id="sample-class",
    )
    words = build_words(ASKED["negative"])
    named = {
        name: control(ASKED[name], elem_id(name), value=said[name], **hint(name))
        for name in SHOWN
        if not ASKED[name].advanced
    }
    with gr.Row(elem_id="sample-bar"):  # stays in sight: sample/view.css
        start = gr.Button("Generate", variant="primary", elem_id="sample-run", scale=2, min_width=0)
        stop = gr.Button("Stop", elem_id="sample-stop", scale=1, min_width=0)
    dice = gr.Button("Other noise, same settings", elem_id="sample-dice", size="md")
    with gr.Accordion("Compare, from the same noise", open=False):
        vary = gr.Dropdown(
            variations(bundled_card()),
            value="",
            label=ASKED["vary"].label,
            allow_custom_value=True,  # another denoiser knows other things
            elem_id="sample-vary",
        )
        values = gr.Dropdown(
            [],
            value=[],
            multiselect=True,
            allow_custom_value=True,
            label=ASKED["values"].label,
            visible=False,
            elem_id="sample-values",
        )
    with gr.Accordion("Race", open=False):
        others = [choice for choice in ASKED["sampler"].labelled() if choice[1] != said["sampler"]]
        rivals = gr.CheckboxGroup(
            others,
            label=ON_THE_PAGE["rivals"].label,
            info=ON_THE_PAGE["rivals"].help,
            elem_id="sample-rivals",
        )
    sliders: list[Place] = []
    with gr.Accordion("Sampler and schedule", open=False):
        for name in (name for name in SHOWN if ASKED[name].advanced):
            named[name] = control(ASKED[name], elem_id(name), value=said[name], **hint(name))
            if name in PARAMETERS:
                sliders += _sliders_of_the_chosen(name, named[name])
    handles = gr.Textbox(visible=False)
    _offer_what_goes_together(named, rivals)
    named |= {"denoiser": denoiser, "what": what, "negative": words.negative}
    named |= {"vary": vary, "values": values}
    places = [Place(named[name], name, settles=name == "denoiser") for name in ON_PAGE]
    places += [Place(words.words, "words"), Place(rivals, "rivals"), *sliders]
    return Controls(
        named=named,
        places=places,
        denoiser=denoiser,
        what=what,
        words=words,
        vary=vary,
        values=values,
        extra=[words.words, rivals, *(place.component for place in sliders), handles],
        seed=named["seed"],
        start=start,
        stop=stop,
        dice=dice,
    )


def _offer_what_goes_together(named: dict[str, Component], rivals: gr.CheckboxGroup) -> None:
    """What one choice rules out of another cannot be chosen, and says why; and the seed that is
    shown is the one that is run."""
    keep_whole(named, ASKED)
    preserving = [kind.name for kind in SCHEDULES.values() if kind.variance_preserving]
    samplers = ASKED["sampler"].labelled()
    for changed, others, call in (
        (
            "schedule",
            "zero_terminal_snr",
            page_call("zeroTerminal", [*preserving, DRAWN], TERMS["zero_terminal_snr"]),
        ),
        ("T", "steps", page_call("stepsWithin", PAGE_STEPS)),
    ):
        inputs, output = [named[changed], named[others]], named[others]
        named[changed].change(None, inputs, output, js=call, api_visibility="private")  # type: ignore[attr-defined]  # of each of these
    call, inputs = page_call("rivalsOf", RIVALS, samplers, SAME_STEP), [named["sampler"], rivals]
    gr.on(
        [named["sampler"].change, rivals.input],  # type: ignore[attr-defined]  # of a Dropdown
        None,
        inputs,
        rivals,
        js=call,
        api_visibility="private",
    )


def hint(name: str) -> dict[str, str]:
    """What the glossary says, as an option of the control."""
    return {"info": TERMS[name]} if name in TERMS else {}


def elem_id(name: str) -> str:
    return f"sample-{IDS.get(name, name.replace('_', '-'))}"


def _sliders_of_the_chosen(kind: str, choice: Component) -> list[Place]:
    """A slider for each parameter of each entry, of which only the chosen entry's are seen."""
    table = PARAMETERS[kind]
    groups: list[gr.Group] = []
    sliders: list[Place] = []
    for name, parameters in table.items():
        with gr.Group(visible=bool(parameters) and name == choice.value) as group:
            sliders += [
                Place(
                    control(p, f"sample-{name}-{p.name}", **hint(p.name)),
                    f"{kind}_parameters",
                    p.name,
                    kind,
                    name,
                )
                for p in parameters
            ]
        groups.append(group)

    def show(chosen: str) -> list[gr.Group]:
        return [gr.Group(visible=bool(table[name]) and name == chosen) for name in table]

    choice.change(  # type: ignore[attr-defined]  # of each Dropdown
        show, choice, groups, show_progress="hidden", api_visibility="private"
    )
    return sliders
