"""The glossary: each term that the page explains is in it, and is explained somewhere."""

from __future__ import annotations

import json
import re

from diffviz.serving.glossary import TERMS, head
from diffviz.serving.sampling import PARAMETERS, SHOWN
from diffviz.ui.page import CSS, HEAD
from tests.running import ROOT


def test_every_term_has_its_place_and_every_place_its_term() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "diffviz" / "ui").rglob("*.js"))
    named = set(re.findall(r'explained\(\s*"(\w+)"', code))
    tables = re.findall(r'\["(\w+)", "\S+"\]|: "(alpha_bar|snr|log_snr|t)"', code)
    explained = named | {a or b for a, b in tables} & set(TERMS)
    parameters = {p.name for table in PARAMETERS.values() for own in table.values() for p in own}
    assert named <= set(TERMS)
    assert set(TERMS) <= explained | set(SHOWN) | parameters


def test_the_page_carries_it_as_data() -> None:
    found = re.search(r'<script type="application/json" id="glossary">(.*?)</script>', HEAD)
    assert found
    assert json.loads(found[1]) == TERMS
    assert head() in HEAD
    assert ".explanation" in CSS
