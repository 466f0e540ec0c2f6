"""Links to what is seen: to share, and those that a file's note leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from diffviz.runs.asking import ANYTHING, said_by, speaks
from diffviz.runs.link import link
from diffviz.runs.notes import Noted, noted
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.schema import EditRun, RunSettings
from diffviz.serving import sampling as sample
from diffviz.serving.models import bundled_card
from diffviz.ui.component import live_view
from diffviz.ui.edit import tab as edit
from diffviz.ui.forward import tab as forward
from diffviz.ui.messages import answer


def share_view() -> gr.HTML:
    """Build it inside the current gr.Blocks; its event "follow" says that the address names another
    tab."""
    return live_view(
        "lib/share",
        "share",
        "A link to what you see",
        events=("follow",),
        server_functions=[link_in],
    )


def link_in(request: Any) -> dict[str, Any]:
    """{"note": of a file} → {"link": text that leads to what the file shows}."""
    return answer(_link_in, request)


def _link_in(request: Any) -> dict[str, Any]:
    said = noted(str(request["note"]))
    return {"link": LINKS[said.tab](said)}


def _of_a_run(said: Noted) -> str:
    shown = sample.shown(RunSettings(**said.settings)).but(rivals=said.rivals)
    return link("sample", shown, sample.begins())


def _of_a_restoration(said: Noted) -> str:
    settings = RestoreSettings(**said.settings)
    info = bundled_card(settings.model).data
    asked = {
        name: said_by(info, value) if value else ""
        for name, value in (("what", settings.condition), ("negative", settings.negative))
    }
    shown = settings.part(edit.OnPage, denoiser=settings.model, **asked)
    return link("edit", shown, edit.begins())


def _of_a_noised_picture(said: Noted) -> str:
    return link("forward", forward.OnPage(**said.settings))


def _of_an_edit(said: Noted) -> str:
    edit = EditRun(**said.settings)
    asked = {"words" if speaks(bundled_card(edit.model).data) else "what": edit.what or ANYTHING}
    return link("forward", edit.part(forward.OnPage, denoiser=edit.model, **asked))


LINKS: Mapping[str, Callable[[Noted], str]] = {
    "sample": _of_a_run,
    "edit": _of_a_restoration,
    "forward": _of_a_noised_picture,
    "back": _of_an_edit,
}
