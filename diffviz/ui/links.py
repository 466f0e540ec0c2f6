"""The settings that a tab's Gradio components hold, in the page's address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from diffviz.settings import plain
from diffviz.ui.component import page_call

SILENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class Place:
    """Where a setting is held. key: of an entry of a table, which counts where the setting `by` is
    `of`. settles: the server answers its change with values for other components."""

    component: Component
    name: str
    key: str = ""
    by: str = ""
    of: str = ""
    settles: bool = False

    def facts(self) -> dict[str, Any]:
        """As lib/components.js takes it."""
        said = {
            part: value
            for part in ("name", "key", "by", "of", "settles")
            if (value := getattr(self, part))
        }
        return said | {"default": plain(getattr(self.component, "value", None))}


def link_components(
    tab: str, view: Any, places: Sequence[Place], answers: Sequence[Any] = ()
) -> None:
    """Let a tab's components be in its link. view: its live view, which knows the places' facts,
    and has an event "follow" for when a link sets them. answers: the events that answer a change of
    what `settles`."""
    components = [place.component for place in places]
    changes = [component.change for component in components]  # type: ignore[attr-defined]  # of each that is an input
    gr.on(changes, None, components, None, js=page_call("componentsChanged", tab), **SILENT)
    view.follow(None, None, components, js=page_call("componentsGiven", tab, False), **SILENT)
    for answer in answers:
        answer.then(None, None, components, js=page_call("componentsGiven", tab, True), **SILENT)
