"""The experiments of the lesson: what each may be set to, measures, and can find.

An entry's `run` is the real thing, asked for what a lesson needs; it has no mathematics of its own.
"""

from __future__ import annotations

from diffviz.lessons.experiments.experiment import Experiment
from diffviz.lessons.experiments.minimal import LOOP, NOISING
from diffviz.lessons.experiments.pictures import PICTURES
from diffviz.lessons.experiments.plane import ONCE, SCHEDULE
from diffviz.lessons.experiments.race import RACE, RECORDED
from diffviz.lessons.experiments.reverse import APART, BACK, FEWEST, LATENT, LOOK, STEPS, WORDS
from diffviz.lessons.experiments.speed import SPEED
from diffviz.settings import Settings

# What the browser does by itself, with lib/noise.js and lib/schedules.js.
DROWN = Experiment("drown", Settings)
HALFWAY = Experiment("halfway", Settings, ("met", "not", "none"), ("bar", "most"))
STRAIGHT = Experiment("straight", Settings, ("agree", "differ"), ("pixels", "steps", "gap", "due"))

EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        DROWN,
        STRAIGHT,
        HALFWAY,
        BACK,
        WORDS,
        LATENT,
        LOOK,
        APART,
        STEPS,
        FEWEST,
        ONCE,
        PICTURES,
        SCHEDULE,
        LOOP,
        NOISING,
        RACE,
        RECORDED,
        SPEED,
    )
}
