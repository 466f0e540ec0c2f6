"""What Gradio's events call in the browser is there to be called."""

from __future__ import annotations

import re

from diffviz.ui import component
from tests.running import ROOT

UI = ROOT / "diffviz" / "ui"


def test_every_call_has_its_function_and_all_javascript_is_in_files() -> None:
    files = [path for path in UI.rglob("*.py") if path.name != "component.py"]
    source = "\n".join(path.read_text() for path in files)
    called = set(re.findall(r'page_call\(\s*"(\w+)"', source))
    exported = re.findall(r"^export function (\w+)", (UI / "lib" / "calls.js").read_text(), re.M)
    assert {"withOwner", "askForRun"} <= called <= set(exported)
    assert "=>" not in source


def test_arguments_come_before_the_inputs() -> None:
    assert component.page_call("newSeed", 7).endswith(").newSeed(7, ...values)")
