"""The package as `pip install .` makes it: apart from the source tree, it has all it needs."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

import diffviz
from diffviz.autoencoders import autoencoder_names
from diffviz.checkpoints import checkpoint_names

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Installed:
    """An environment with the package; and a folder, far from the source tree, to work in."""

    environment: Path
    folder: Path

    def run(self, command: str, *words: str) -> str:
        """What a command of the environment prints."""
        words = (str(self.environment / "bin" / command), *words)
        process = subprocess.run(
            words, cwd=self.folder, env={}, capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stderr
        return process.stdout

    def evaluate(self, expression: str) -> str:
        """What an expression is there, after `import diffviz`."""
        return self.run("python", "-c", f"import diffviz; print({expression})").strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """From a wheel, and what it needs from this very environment: without a network."""
    folder = tmp_path_factory.mktemp("package")
    environment, work = folder / "venv", folder / "work"
    work.mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    venv.create(environment)
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python")]
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "needs.pth").write_text(sysconfig.get_path("purelib"))
    return Installed(environment, work)


def test_it_lies_where_it_was_installed(installed: Installed) -> None:
    place, version = installed.evaluate(
        "diffviz.__file__, diffviz.__version__, sep='\\n'"
    ).splitlines()
    assert place.startswith(str(installed.environment))
    assert version == diffviz.__version__
    assert installed.run("diffviz", "--version").strip() == diffviz.__version__


def test_it_finds_its_models(installed: Installed) -> None:
    names = "__import__('diffviz.checkpoints').checkpoints.checkpoint_names()"
    coders = "__import__('diffviz.autoencoders').autoencoders.autoencoder_names()"
    loaded = "diffviz.load_checkpoint('fashion').card.name"
    told = installed.evaluate(f"{names}, {coders}, {loaded}, sep='\\n'").splitlines()
    assert told == [str(checkpoint_names()), str(autoencoder_names()), "fashion"]
    assert autoencoder_names()


def test_its_command_works(installed: Installed) -> None:
    assert "noise a picture" in installed.run("diffviz", "--help")
    sample = "sample --condition class=dress --count 1 --steps 2 --out dress.png"
    installed.run("diffviz", *sample.split())
    assert (installed.folder / "dress.png").read_bytes().startswith(b"\x89PNG")


def test_every_file_beside_the_code_comes_along(installed: Installed) -> None:
    (package,) = installed.environment.glob("lib/python*/site-packages/diffviz")
    kinds = {".py", ".md", ".js", ".css", ".html", ".png", ".npz", ".zip", ".json", ".safetensors"}
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "diffviz", "checkpoints"], cwd=ROOT, capture_output=True
    )
    for name in filter(None, tracked.stdout.decode().split("\0")):
        inside = name.replace("checkpoints/", "bundled/").removeprefix("diffviz/")
        if Path(name).suffix in kinds and (ROOT / name).exists():
            assert (package / inside).read_bytes() == (ROOT / name).read_bytes()


def test_trainings_go_to_a_folder_of_the_user_s_own(installed: Installed) -> None:
    trainings = "__import__('diffviz.config').config.Config().trainings"
    assert installed.evaluate(trainings).endswith("/.local/share/diffviz/trainings")


def test_it_needs_what_the_app_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements.txt").read_text().partition("# What these bring")[0].splitlines()
    needs = [line for line in lines if line and not line.startswith("#")]
    assert project["dependencies"] == needs
