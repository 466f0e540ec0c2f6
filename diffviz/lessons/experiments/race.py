"""A short race of generative models, run here and now."""

from __future__ import annotations

from typing import Annotated, Any

from diffviz.lessons.experiments.experiment import Experiment, Messages, Served, found, sent
from diffviz.rivals.outcome import outcome, places
from diffviz.rivals.race import Race, describe
from diffviz.rivals.record import read_recording
from diffviz.rivals.recorded import FILES, SETTINGS
from diffviz.rivals.settings import RIVALS, RaceSettings
from diffviz.settings import Setting, Settings

SHOWN = 400
RECORDED_RACE = "race-eight"


class ShortRaceSettings(Settings):
    """As RaceSettings, for a race of seconds."""

    rivals: Annotated[
        tuple[str, ...], Setting(label="Who races", help=f"Of {', '.join(RIVALS)}")
    ] = tuple(RIVALS)
    seeds: Annotated[
        int, Setting(label="Seeds", help="How often each races", minimum=1, maximum=5)
    ] = 1
    updates: Annotated[
        int, Setting(label="Updates", help="Batches of each", minimum=50, maximum=2000)
    ] = 800


def race(settings: ShortRaceSettings, served: Served) -> Messages:
    """The project's own race on eight Gaussians: what each makes after each round."""
    short = RaceSettings(**dict(settings))
    run, about = Race(short), describe(short)
    yield {"race": {name: about[name] for name in ("rivals", "weights", "modes", "updates")}}
    seen = None
    for round_ in run.run():
        if round_ is None:
            yield {"fraction": run.fraction()}
            continue
        seen = round_
        for lane, name in enumerate(short.rivals):
            place = seen.places[lane * short.seeds]
            points = sent(seen.clouds[lane, 0, :SHOWN])
            yield {"cloud": {"name": name, "points": points, **place.score._asdict()}}
    assert seen is not None
    lanes = [seen.places[i * short.seeds : (i + 1) * short.seeds] for i in range(len(short.rivals))]
    collapsed = {
        name: sum(run.course.collapsed(place.score) for place in lane)
        for name, lane in zip(short.rivals, lanes, strict=True)
    }
    energies = {
        name: sum(place.score.energy for place in lane) / len(lane)
        for name, lane in zip(short.rivals, lanes, strict=True)
    }
    yield judged(energies, collapsed, short.seeds, settings.updates)


def shown(settings: Settings, served: Served) -> Messages:
    """The recorded race, as if it ran."""
    told = recorded()
    yield from told["messages"]
    yield told["found"]


def recorded() -> dict[str, Any]:
    """The recorded race of eight Gaussians as the page shows it: messages as of `race`, of the
    first seed, and what all seeds came to."""
    recording, settings = read_recording(FILES[RECORDED_RACE]), SETTINGS[RECORDED_RACE]
    assert isinstance(settings, RaceSettings)
    course, about, seeds = settings.on(), recording.status["contest"], settings.seeds
    _, _, *numbers = recording.status["points"][-1]
    last, clouds = places(numbers), recording.clouds(recording.status["sheets"][-1])
    ends = dict(zip(settings.rivals, outcome(course, seeds, last), strict=True))
    told = [
        {
            "cloud": {
                "name": name,
                "points": sent(clouds[lane, 0, :SHOWN]),
                **last[lane * seeds].score._asdict(),
            }
        }
        for lane, name in enumerate(settings.rivals)
    ]
    race = {name: about[name] for name in ("rivals", "weights", "modes", "updates")}
    return {
        "messages": [{"race": race}, *told],
        "command": recording.status["command"],
        "found": judged(
            {name: end["energy"] for name, end in ends.items()},
            {name: end["collapsed"] for name, end in ends.items()},
            seeds,
            about["updates"],
        ),
    }


def judged(
    energies: dict[str, float], collapsed: dict[str, int], seeds: int, updates: int
) -> dict[str, Any]:
    """Who came nearest to the data; energies and collapsed runs by rival."""
    nearest = min(energies, key=lambda name: energies[name])
    return found(
        nearest,
        seeds=seeds,
        updates=updates,
        **{f"{name}_energy": energy for name, energy in energies.items()},
        **{f"{name}_collapsed": count for name, count in collapsed.items()},
    )


MEASURES = (
    "seeds",
    "updates",
    *(f"{name}_{what}" for name in RIVALS for what in ("energy", "collapsed")),
)
RACE = Experiment("race", ShortRaceSettings, tuple(RIVALS), MEASURES, race)
RECORDED = Experiment("recorded", Settings, tuple(RIVALS), MEASURES, shown)
