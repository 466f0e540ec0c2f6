"""The registries: what is true of a data set, a medium or a network is said in its entry alone."""

from __future__ import annotations

import re
from pathlib import Path

import diffviz

PACKAGE = Path(diffviz.__file__).parent


def test_no_module_outside_data_knows_a_data_set_by_name() -> None:
    names = re.compile("heroes|fashion", re.IGNORECASE)
    told = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*"))
        if path.suffix in (".py", ".js", ".ts", ".css", ".html")
        and "data" not in path.relative_to(PACKAGE).parts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if names.search(line)
    ]
    assert told == []
