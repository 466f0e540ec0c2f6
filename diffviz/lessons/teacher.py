"""The teacher's page: which links to hand out, what each experiment shows, a plan of 45 minutes."""

from __future__ import annotations

from markdown_it import MarkdownIt

from diffviz.lessons.lesson import FOLDER, LANGUAGE


def teacher(language: str = LANGUAGE) -> str:
    """The page in HTML."""
    text = (FOLDER / "teachers" / f"{language}.md").read_text("utf-8")
    return str(MarkdownIt().enable("table").render(text))
