"""`python -m diffviz race`: a GAN, a VAE, an autoencoder and diffusion learn the same data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic_settings import CliVariadicArg

from diffviz.cli.options import Out
from diffviz.cli.parser import note, output_file
from diffviz.rivals.courses import COURSES
from diffviz.rivals.kinds import RACE
from diffviz.rivals.outcome import outcome
from diffviz.rivals.race import Race, Round
from diffviz.rivals.record import Recording, record, write_recording
from diffviz.rivals.settings import RIVALS, RaceSettings
from diffviz.settings import Setting

EPILOG = """\
Each has as many weights, and learns from the same batches; after each round what it makes is held
against held-out data. The file's suffix says what is written: .png, .svg or .pdf (a figure), .zip
(a record, as the page shows them), .json (the numbers of every round).

  python -m diffviz race --course eight -o race.png
  python -m diffviz race --course twenty-five --rivals gan diffusion --seeds 3
  python -m diffviz race --rivals gan --critic-rate 1e-5 --generator-rate 1e-3
  python -m diffviz race --rivals gan --penalty 1
  python -m diffviz race --seconds 10

data:
""" + "\n".join(f"  {name:<18}{label}" for name, label in COURSES.items())
WRITTEN = (".png", ".svg", ".pdf", ".zip", ".json")
USUAL = "as is usual for the data"


class Options(RaceSettings):
    """A race, and what becomes of it."""

    defaults: ClassVar[Mapping[str, str]] = {"weights": USUAL, "updates": USUAL, "rivals": "all"}

    rivals: CliVariadicArg[
        Annotated[tuple[str, ...], Setting(help=f"Who races, of {', '.join(RIVALS)}")]
    ] = tuple(RIVALS)
    out: Out = "race.png"
    theme: Annotated[str, Setting(help="A figure's ground", choices=("light", "dark"))] = "light"


def run(options: Options) -> None:
    from diffviz.training.learner import prepare_threads

    out = output_file(options.out, WRITTEN)
    prepare_threads()
    settings = options.part(RaceSettings)
    race, rounds = Race(settings), list[Round]()
    for seen in race.run():
        if seen:
            rounds.append(seen)
            note(f"{race.fraction():6.1%}  {sentence(race, seen)}")
    write(record(settings, rounds, out.stem), out, options.theme)
    print("\n".join(table(race, rounds[-1])))
    print(f"{out}: {len(rounds)} rounds")


def sentence(race: Race, seen: Round) -> str:
    """Where the rivals stand, in a line."""
    found = outcome(race.course, race.settings.seeds, seen.places)
    return ", ".join(
        f"{RIVALS[name]} {each['covered']:.1f}/{each['modes']}"
        for name, each in zip(race.settings.rivals, found, strict=True)
    )


def table(race: Race, last: Round) -> list[str]:
    """What the rivals came to, and what fresh data would."""
    lines = ["             collapsed    covered   astray   energy   updates   CPU seconds"]
    found = outcome(race.course, race.settings.seeds, last.places)
    for name, each in zip(race.settings.rivals, found, strict=True):
        lines.append(
            f"{RIVALS[name]:<13}{each['collapsed']:>4} of {each['seeds']:<2}"
            f"{each['covered']:>6.1f} of {each['modes']:<2}{each['astray']:>8.1%}"
            f"{each['energy']:>9.3f}{each['updates']:>10.0f}{each['seconds']:>14.1f}"
        )
    fresh = race.course.score(race.course.fresh)
    modes = len(race.course.modes.shares)
    covered = f"{fresh.covered:>6.1f} of {modes:<2}"
    return [*lines, f"{'fresh data':<23}{covered}{fresh.astray:>8.1%}{fresh.energy:>9.3f}"]


def write(recording: Recording, out: Path, theme: str) -> None:
    """As its suffix says."""
    suffix = out.suffix.lower()
    if suffix == ".zip":
        write_recording(recording, out)
    elif suffix == ".json":
        out.write_text(json.dumps(recording.status), "utf-8")
    else:
        from diffviz import figures

        draw = figures.race if recording.status["kind"] == RACE.name else figures.translation
        figures.save(draw(recording, theme), out)
