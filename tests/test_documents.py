"""What README and its like point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(name: str) -> None:
    linked = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text("utf-8"))
    assert [link for link in linked if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_modules_that_are_named_are_there(name: str) -> None:
    words = re.findall(
        r"`((?:diffviz/|tests/)?[a-z_/0-9]+/[a-z_0-9]+\.(?:py|js))`",
        (ROOT / name).read_text("utf-8"),
    )
    places = (ROOT, ROOT / "diffviz")
    assert [word for word in words if not any((place / word).exists() for place in places)] == []
