"""The page: its look, and the tabs in their order."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from diffviz.ui.forward_tab import forward_tab
from diffviz.ui.sample_tab import sample_tab

STATIC = Path(__file__).parent / "static"
CSS = "\n".join(path.read_text() for path in sorted(STATIC.glob("*.css")))
HEAD = '<meta name="description" content="See how a diffusion model works.">'
THEME = gr.themes.Base(
    primary_hue="indigo",
    neutral_hue="slate",
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(button_primary_background_fill="*primary_600")  # white on the lighter default is 4.46:1
INTRODUCTION = (STATIC / "introduction.html").read_text()
# Each anonymous visit keeps its last outputs; Gradio's own limit is 10,000 of them.
SESSIONS = 50


def build_page() -> gr.Blocks:
    """All tabs in one gr.Blocks."""
    page = gr.Blocks(title="diffviz", analytics_enabled=False, delete_cache=(600, 3600))
    with page:
        gr.HTML(INTRODUCTION, elem_id="introduction")
        with gr.Tab("Forward", id="forward"):
            forward_tab()
        with gr.Tab("Sample", id="sample"):
            sample_tab()
    page.state_session_capacity = SESSIONS
    return page
