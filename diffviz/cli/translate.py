"""`python -m diffviz translate`: from one cloud to another, learned without pairs."""

from __future__ import annotations

from typing import Annotated

from diffviz.cli.options import Out
from diffviz.cli.parser import note, output_file
from diffviz.cli.race import WRITTEN, write
from diffviz.rivals.courses import Score
from diffviz.rivals.record import record
from diffviz.rivals.settings import TranslationSettings
from diffviz.rivals.translation import Translated, Translation
from diffviz.settings import Setting

EPILOG = """\
A CycleGAN (Zhu et al. 2017) and dual diffusion bridges (Su et al. 2023) learn from the same points.
What arrives is held against held-out data there; cycle is the root mean square of what comes back,
less where it began. The file's suffix says what is written: .png, .svg or .pdf (a figure), .zip (a
record, as the page shows them), .json (the numbers of every round).

  python -m diffviz translate -o translation.png
  python -m diffviz translate --source spiral --target eight --updates 4000"""


class Options(TranslationSettings):
    """A translation, and what becomes of it."""

    out: Out = "translation.png"
    theme: Annotated[str, Setting(help="A figure's ground", choices=("light", "dark"))] = "light"


def run(options: Options) -> None:
    from diffviz.training.learner import prepare_threads

    out = output_file(options.out, WRITTEN)
    prepare_threads()
    settings = options.part(TranslationSettings)
    translation, rounds = Translation(settings), list[Translated]()
    for seen in translation.run():
        if seen:
            rounds.append(seen)
            cycles = ", ".join(f"{arrival.cycle:.3f}" for arrival in seen.arrivals)
            note(f"{translation.fraction():6.1%}  cycle {cycles}")
    write(record(settings, rounds, out.stem), out, options.theme)
    print("\n".join(table(translation, rounds[-1])))
    print(f"{out}: {len(rounds)} rounds")


def table(translation: Translation, last: Translated) -> list[str]:
    """What the translators came to, and what fresh data of the target would."""
    lines = [f"{'':<24}cycle    moved   covered   astray   energy"]
    modes = len(translation.target.modes.shares)

    def arrived(score: Score) -> str:
        return f"{score.covered:>4.0f} of {modes}{score.astray:>9.1%}{score.energy:>9.3f}"

    for lane, each in zip(translation.translators, last.arrivals, strict=True):
        came = f"{each.cycle:>9.3f}{each.moved:>9.3f}{arrived(each.score)}"
        lines.append(f"{lane.title:<20}{came}")
    fresh = translation.target.score(translation.target.fresh)
    return [*lines, f"{'fresh data':<38}{arrived(fresh)}"]
