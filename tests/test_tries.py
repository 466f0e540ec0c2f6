"""What the page says to try: each line is a link that the page itself would write."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from diffviz.runs.link import link
from diffviz.runs.plane import PlaneSettings
from diffviz.samplers import SAMPLERS
from diffviz.serving import sampling as sample
from diffviz.ui.edit import tab as edit
from diffviz.ui.forward import tab as forward
from diffviz.ui.train import controls as train
from diffviz.ui.tries import TRIES

KNOWN = {
    "forward": (forward.OnPage, {}),
    "sample": (sample.OnPage, sample.begins()),
    "edit": (edit.OnPage, edit.begins()),
    "plane": (PlaneSettings, {}),
    "train": (train.OnPage, {}),
}


@pytest.mark.parametrize("tab", TRIES)
def test_each_line_sets_what_there_is_to_set_and_no_more(tab: str) -> None:
    model, usual = KNOWN[tab]
    for text in TRIES[tab].values():
        path, _, query = text.partition("?")
        said = dict(parse_qsl(query, strict_parsing=True))
        assert path == tab
        assert said
        assert said.pop("beside", "ddpm") in SAMPLERS  # the plane's, which no run has
        begins = {
            name: of[chosen]
            for name, (by, of) in usual.items()
            if (chosen := said.get(by, model.model_fields[by].default)) in of
        }
        again = dict(parse_qsl(link(tab, model(**begins | said), usual).partition("?")[2]))
        assert again == said, text
