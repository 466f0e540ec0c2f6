"""What Gradio keeps of a visit, without what only its deep links need.

Those are closed here (web/gate.py). For them alone it copies the settings of all components (330 KB
of each visit, and tens of milliseconds in which nobody else is answered), and every output's last
value.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr
import gradio.blocks
import gradio.route_utils
import gradio.state_holder
from gradio.state_holder import SessionState


class Visit(SessionState):
    """gr.State and components that changed for one visitor, and no more."""

    def __init__(self, blocks: gr.Blocks) -> None:
        no_copies: Any = SimpleNamespace(default_config=blocks.default_config, blocks=())
        super().__init__(no_copies)

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Nothing is copied."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is copied."""


def keep_little() -> None:
    """From now on Gradio's sessions are visits."""
    modules: list[Any] = [gradio.state_holder, gradio.blocks, gradio.route_utils]
    for module in modules:
        module.SessionState = Visit
