"""Imports: who may know whom, and what is loaded by what."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "diffviz"
# From the bottom to the top: what is in one layer knows nothing of it but itself, nor of any above.
LAYERS = [
    {"grids", "metrics", "parametrization", "settings", "storage"},
    {"config", "schedules"},
    {"device", "plugins", "web"},
    {"cpu", "denoisers", "forward"},
    {"guidance", "samplers"},
    {"media"},
    {"data"},
    {"networks"},
    {"autoencoders"},
    {"checkpoints"},
    {"runs"},
    {"training"},
    {"figures", "measure"},
    {"rivals"},
    {"jobs"},
    {"lessons"},
    {"serving"},
    {"cli", "ui"},
    {"__main__"},
]
# The command line is no server's.
NEVER = {("cli", "serving"), ("cli", "web")}
HEAVY = (
    ["torch", "numpy", "PIL", "pydantic", "gradio", "fastapi", "numba", "matplotlib", "av"]
    + ["diffusers", "ray", "sklearn", "prometheus_client", "scipy"]
    + [f"diffviz.{name}" for name in ("samplers", "training", "jobs", "serving", "web", "ui")]
)


def all_but(loaded: str) -> set[str]:
    """Of what is HEAVY."""
    return set(HEAVY) - set(loaded.split())


COMPILERS = ("numba", "matplotlib", "torch._dynamo")
# What may not be loaded after each statement. Those of a list are run one after the other in one
# Python, each with whatever those before it have loaded.
CHAINS: list[dict[str, set[str]]] = [
    {
        "import diffviz; dir(diffviz)": all_but(""),
        "import diffviz.data; list(diffviz.data.DATA_SETS)": all_but(""),
        "import diffviz.__main__": all_but(""),
        "diffviz.__main__.main(['--help'])": all_but(""),
        "import diffviz.media.decoding": all_but("torch numpy PIL"),
        "import diffviz.checkpoints": all_but("torch numpy PIL pydantic"),
        "import diffviz.training.trainer": all_but("torch numpy PIL pydantic diffviz.training"),
        "import diffviz.jobs.worker": all_but(
            "torch numpy PIL pydantic diffviz.training diffviz.samplers diffviz.jobs"
        ),
        "import diffviz.ui.page": {"numba", "matplotlib", "diffusers", "ray"},
        "import diffviz.ui.app as app; app.create_app(app.read_config())": {*COMPILERS},
    },
    {
        "import diffviz.schedules, diffviz.grids": all_but("torch numpy pydantic"),
        "import diffviz.samplers, diffviz.guidance.methods": all_but(
            "torch numpy pydantic diffviz.samplers"
        ),
    },
]
STATEMENTS = [(number, statement) for number, chain in enumerate(CHAINS) for statement in chain]


def names(folder: Path) -> set[str]:
    """Of the modules and packages in a folder."""
    entries = (path for path in folder.iterdir() if path.suffix == ".py" or path.is_dir())
    return {p.stem for p in entries if p.stem not in ("__init__", "__pycache__", "bundled")}


def imports(node: ast.AST) -> Iterator[str]:
    """The names below diffviz that a module imports, when it is run or later; not those that it
    has for its types alone."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.If) and ast.unparse(inner.test) == "TYPE_CHECKING":
            continue
        if isinstance(inner, ast.ImportFrom) and (inner.module or "").startswith("diffviz."):
            yield str(inner.module).split(".")[1]
        elif isinstance(inner, ast.Import):
            yield from (a.name.split(".")[1] for a in inner.names if a.name.startswith("diffviz."))
        yield from imports(inner)


def known(name: str) -> set[str]:
    """What a module or package below diffviz imports of the others."""
    path = PACKAGE / name
    files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    return {found for file in files for found in imports(ast.parse(file.read_text()))} - {name}


def test_every_module_has_its_layer() -> None:
    assert names(PACKAGE) - set().union(*LAYERS) == set()


@pytest.mark.parametrize("name", sorted(names(PACKAGE)))
def test_each_knows_only_what_lies_below_it(name: str) -> None:
    place = next(i for i, layer in enumerate(LAYERS) if name in layer)
    below = set[str]().union(*LAYERS[:place])
    assert known(name) <= below
    assert {(name, other) for other in known(name)} & NEVER == set()


def test_python_that_needs_no_gradio_does_not_live_in_ui() -> None:
    for file in (PACKAGE / "ui").rglob("*.py"):
        if file.name != "__init__.py":
            code = file.read_text()  # what builds with others' parts of the page is the page's too
            assert "import gradio" in code or "from gradio" in code or "import live_view" in code


def test_gradio_s_private_parts_are_reached_in_files_named_so() -> None:
    for file in PACKAGE.rglob("*.py"):
        if not file.name.startswith("gradio_"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradio"):
                    assert node.module in ("gradio", "gradio.components"), file
                if isinstance(node, ast.Import):
                    assert not any(a.name.startswith("gradio.") for a in node.names), file
                if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                    owner = ast.unparse(node.value)
                    assert owner not in ("page", "event", "blocks", "gr"), f"{file}: {owner}"


@cache
def loaded(number: int) -> dict[str, set[str]]:
    """All modules that a fresh Python has loaded after each statement of a chain."""
    code = "import json, sys\ntold = sys.stdout\nsys.stdout = sys.stderr\n"
    for statement in CHAINS[number]:
        code += f"{statement}\nprint(json.dumps(sorted(sys.modules)), file=told)\n"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    lines = map(json.loads, process.stdout.splitlines())
    return dict(zip(CHAINS[number], map(set, lines), strict=True))


@pytest.mark.parametrize(("number", "statement"), STATEMENTS)
def test_what_loads_what(number: int, statement: str) -> None:
    """Help is light, and the page waits for no compiler and no plots."""
    assert loaded(number)[statement] & CHAINS[number][statement] == set()


def test_the_package_offers_what_it_lists() -> None:
    import diffviz

    for name in diffviz.__all__:
        assert name.isupper() or getattr(diffviz, name).__module__.startswith("diffviz.")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = diffviz.nonsense
