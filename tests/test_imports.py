"""Imports: the core knows nothing of the page, and the package itself loads next to nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_CORE = {"plots", "__main__"}
CORE = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for folder in (ROOT / "diffviz", ROOT / "diffviz" / "training", ROOT / "diffviz" / "data")
    for path in folder.glob("*.py")
    if path.stem not in NOT_CORE
)


def loaded_by(statement: str, *modules: str) -> list[str]:
    """Which of the modules a fresh Python has loaded after the statement."""
    code = f"{statement}\nimport sys\nprint(*sorted(set({modules!r}) & set(sys.modules)))"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.split()


def test_the_core_needs_neither_page_nor_plots() -> None:
    assert "diffviz.samplers" in CORE
    statement = f"import {', '.join(CORE)}"
    assert loaded_by(statement, "gradio", "matplotlib", "diffusers", "diffviz.ui") == []


def test_importing_the_package_is_light() -> None:
    assert loaded_by("import diffviz; dir(diffviz)", "torch", "numpy", "gradio", "PIL") == []


def test_the_page_waits_for_no_compiler() -> None:
    assert loaded_by("import diffviz.ui.page", "numba") == []


def test_the_package_offers_what_it_lists() -> None:
    import diffviz

    for name in diffviz.__all__:
        assert name.isupper() or getattr(diffviz, name).__module__.startswith("diffviz.")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = diffviz.nonsense
