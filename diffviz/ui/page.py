"""The page: its look, and the tabs in their order."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from diffviz.serving import glossary
from diffviz.serving.backend import Backend
from diffviz.serving.models import TRAINED
from diffviz.ui.component import page_call
from diffviz.ui.edit.tab import edit_tab
from diffviz.ui.forward.tab import forward_tab
from diffviz.ui.gradio_seams import event_data, show_no_progress
from diffviz.ui.learn.tab import learn_tab
from diffviz.ui.plane.tab import plane_tab
from diffviz.ui.sample.tab import sample_tab
from diffviz.ui.share import share_view
from diffviz.ui.train.tab import train_tab
from diffviz.ui.tries import try_line

HERE = Path(__file__).parent
# A tab's own styles may build on the page's.
CSS = "\n".join(path.read_text() for path in [HERE / "page.css", *sorted(HERE.glob("*/*.css"))])
HEAD = (
    '<meta name="description" content="See how a diffusion model works.">'
    f'<style media="print">{(HERE / "print.css").read_text()}</style>{glossary.head()}'
)
THEME = gr.themes.Base(
    primary_hue="indigo",
    neutral_hue="slate",
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(button_primary_background_fill="*primary_600")  # white on the lighter default is 4.46:1
SHARED_LINK = (HERE / "shared_link.html").read_text()
ICON = HERE / "icon.png"
INTRODUCTION = (HERE / "introduction.html").read_text()


def use_in_sample(backend: Backend, event: gr.EventData) -> tuple[gr.Dropdown, gr.Tabs]:
    """Choose a training's denoiser in the Sample tab and go there; event: {"job", "token"}."""
    job, token = (str(event_data(event, name)) for name in ("job", "token"))
    choices = backend.models.choices(token)
    return gr.Dropdown(choices=choices, value=TRAINED + job), gr.Tabs(selected="sample")


def build_page(backend: Backend) -> gr.Blocks:
    """All tabs in one gr.Blocks."""
    page = gr.Blocks(title="diffviz", analytics_enabled=False, delete_cache=(600, 3600))
    with page:
        nowhere = gr.HTML(visible=False)
        gr.HTML(INTRODUCTION, elem_id="introduction")
        share = share_view()
        with gr.Tabs() as tabs:
            with _tab("Forward"):
                forward_tab(backend)
            with _tab("Sample"):
                denoiser = sample_tab(backend)
            with _tab("Edit"):
                edit_tab(backend)
            with _tab("2-D", "plane"):
                plane_tab(backend)
            with _tab("Train"):
                training = train_tab(backend)
            with _tab("Learn"):
                learn_tab(backend)
        training.use(
            backend.handler(use_in_sample), None, [denoiser, tabs], api_visibility="private"
        )
        linked = page_call("openLinked", [tab.id for tab in tabs.children])
        page.load(None, None, tabs, js=linked, api_visibility="private")
        share.follow(None, None, tabs, js=linked, api_visibility="private")
        show_no_progress(page, nowhere)
    return page


def _tab(label: str, name: str = "") -> gr.Tab:
    """A tab, whose name, or else its label, is in the page's links; what to try there is first."""
    name = name or label.lower()
    tab = gr.Tab(label, id=name, elem_id=f"tab-{name}")
    tab.select(None, None, None, js=page_call("wentTo", name), api_visibility="private")
    with tab:
        try_line(name)
    return tab
