"""The reverse process taken apart: one look, one step, a run with one number changed, and runs of
ever more steps."""

from __future__ import annotations

import time
from typing import Annotated, Any

import torch
from torch import Tensor

from diffviz.autoencoders import autoencoder_of
from diffviz.data import DATA_SETS, DEFAULT
from diffviz.data.examples import example
from diffviz.forward import SeededNoise, add_noise, noise
from diffviz.lessons.experiments.experiment import Experiment, Messages, Served, found, sent
from diffviz.runs.asking import condition_of
from diffviz.runs.editing import rms_distance
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings, Seed
from diffviz.runs.suited import suited
from diffviz.samplers import Step, sample
from diffviz.schedules import NoiseSchedule, make_schedule
from diffviz.settings import Setting, Settings

# The denoiser that is told in words what to make.
SPEAKER = next(name for name, source in DATA_SETS.items() if source.words)
# That of latents which is told in words, too.
LATENT_SPEAKER = next(n for n, source in DATA_SETS.items() if source.words and source.autoencoder)
PICTURE = "boot"  # of the data's test part: no denoiser has learned from it
LEVELS = tuple(range(50, 1000, 50))  # t at which errors are measured
LADDER, REFERENCE = (1, 2, 5, 10, 20, 50), 100  # steps
CLOSE = 0.1  # root mean square, of black at −1 to white at 1
Time = Annotated[int, Setting(label="t", help="How far into the noise", minimum=1, maximum=999)]


class LookSettings(Settings):
    """stride: how far the step goes."""

    t: Time = 500
    stride: Annotated[
        int, Setting(label="Steps back", help="From t to s", minimum=1, maximum=999)
    ] = 100
    seed: Seed = 0


class ApartSettings(Settings):
    """In one step, from 0, ε̂ is taken `factor` times."""

    steps: Annotated[int, Setting(label="Steps", help="Updates", minimum=2, maximum=50)] = 10
    step: Annotated[int, Setting(label="In step", help="From 0", minimum=0, maximum=49)] = 3
    factor: Annotated[
        float, Setting(label="ε̂ times", help="1 changes nothing", minimum=0, maximum=2)
    ] = 1.0
    seed: Seed = 0


class BackSettings(Settings):
    steps: Annotated[int, Setting(label="Steps", help="Updates", minimum=2, maximum=50)] = 30
    seed: Seed = 0


class WordsSettings(BackSettings):
    text: Annotated[str, Setting(label="What to draw", help="In words")] = "a frog with an axe"


class LatentSettings(BackSettings):
    text: Annotated[str, Setting(label="What to draw", help="In words")] = (
        "a smiling woman with long blonde hair and glasses"
    )


class StepsSettings(Settings):
    seed: Seed = 0


class FewestSettings(Settings):
    """steps: as few as are claimed to be enough."""

    steps: Annotated[int, Setting(label="Steps", help="Your answer", minimum=2, maximum=60)] = 10
    seed: Seed = 0


def _state(schedule: NoiseSchedule, step: Step, s: int) -> dict[str, Any]:
    """A step as it is written out by hand: from t, to s."""
    return {
        "t": step.t,
        "s": s,
        "alpha": [float(schedule.alpha[step.t]), float(schedule.alpha[s])],
        "sigma": [float(schedule.sigma[step.t]), float(schedule.sigma[s])],
        "shape": step.x.shape[1:],
        "x": sent(step.x),
        "x0": sent(step.x0),
        "eps": sent(step.eps),
    }


def look(settings: LookSettings, served: Served) -> Messages:
    """x_t of a picture, what the denoiser answers, and one DDIM step; then its errors by t."""
    checkpoint, denoiser = served(DEFAULT)
    schedule = make_schedule("cosine")
    x0, slots = example(PICTURE)[None], len(checkpoint.card.data.slots)
    eps = noise(settings.seed, x0.shape)
    s = max(0, settings.t - settings.stride)
    x_t = add_noise(x0, eps, schedule, settings.t)
    unsaid = torch.zeros(1, slots, dtype=torch.int64)
    first, last = sample(denoiser, schedule, [settings.t, s], _none, "ddim", unsaid, x=x_t)
    yield {
        "look": {
            **_state(schedule, first, s),
            "next": sent(last.x),
            "true": {"x0": sent(x0), "eps": sent(eps)},
            "errors": {"x0": rms_distance(first.x0, x0), "eps": rms_distance(first.eps, eps)},
        }
    }
    alpha, sigma = schedule.alpha[list(LEVELS)], schedule.sigma[list(LEVELS)]
    noised = torch.cat([add_noise(x0, eps, schedule, t) for t in LEVELS])
    with torch.no_grad():
        seen = denoiser(noised, alpha, sigma, unsaid.expand(len(LEVELS), -1))
    of_x0 = [rms_distance(one, x0[0]) for one in seen.x0]
    of_eps = [rms_distance(one, eps[0]) for one in seen.eps]
    yield {"errors": {"t": LEVELS, "x0": of_x0, "eps": of_eps}}
    opposite = of_x0[0] < of_x0[-1] and of_eps[0] > of_eps[-1]
    yield found(
        "opposite" if opposite else "alike",
        eps_early=of_eps[0],
        eps_late=of_eps[-1],
        x0_early=of_x0[0],
        x0_late=of_x0[-1],
    )


def apart(settings: ApartSettings, served: Served) -> Messages:
    """A run step by step, and the same run with ε̂ changed in one step."""
    if settings.step >= settings.steps:
        raise ValueError(
            f"step must be below {settings.steps}, the number of steps, not {settings.step}"
        )
    checkpoint, denoiser = served(DEFAULT)
    info, schedule = checkpoint.card.data, make_schedule("cosine")
    grid = schedule.grid(settings.steps)
    unsaid = torch.zeros(1, len(info.slots), dtype=torch.int64)
    eps = SeededNoise([settings.seed], info.shape)
    yield {"grid": grid, "changed": settings.step, "factor": settings.factor}
    at, end = None, None
    for step in sample(denoiser, schedule, grid, eps, "ddim", unsaid):
        s = grid[min(step.index + 1, settings.steps)]
        yield {"frame": {"lane": 0, "index": step.index, **_state(schedule, step, s)}}
        at = step if step.index == settings.step else at
        end = step
    assert at is not None
    assert end is not None
    s = grid[settings.step + 1]
    x = float(schedule.alpha[s]) * at.x0 + float(schedule.sigma[s]) * settings.factor * at.eps
    other = x
    if s > 0:
        for step in sample(
            denoiser, schedule, grid[settings.step + 1 :], _none, "ddim", unsaid, x=x
        ):
            index = settings.step + 1 + step.index
            s = grid[min(index + 1, settings.steps)]
            yield {"frame": {"lane": 1, "index": index, **_state(schedule, step, s)}}
            other = step.x
    else:
        last = end._replace(x=x, x0=x)
        yield {"frame": {"lane": 1, "index": settings.steps, **_state(schedule, last, 0)}}
    away = rms_distance(other, end.x)
    yield found(
        "elsewhere" if away > CLOSE else "near",
        away=away,
        factor=settings.factor,
        step=settings.step + 1,
        steps=settings.steps,
    )


def back(settings: BackSettings, served: Served) -> Messages:
    """A run from noise, state by state."""
    checkpoint, denoiser = served(DEFAULT)
    asked = RunSettings(steps=settings.steps, seed=settings.seed)
    for step in run(asked, checkpoint, denoiser=denoiser):
        yield {"frame": {"t": step.t, "shape": step.x.shape[1:], "x": sent(step.x)}}
    yield {"end": True}


def words(settings: WordsSettings, served: Served) -> Messages:
    """The same from words, by the denoiser that understands them."""
    checkpoint, denoiser = served(SPEAKER)
    said = condition_of(checkpoint.card.data, settings.text)
    asked = RunSettings(model=SPEAKER, condition=said, steps=settings.steps, seed=settings.seed)
    for step in run(asked, checkpoint, denoiser=denoiser):
        yield {"frame": {"t": step.t, "shape": step.x.shape[1:], "x": sent(step.x)}}
    yield {"end": True}


@torch.no_grad()
def latent(settings: LatentSettings, served: Served) -> Messages:
    """From words in latents: each state as a linear map of it shows it, the last one decoded."""
    checkpoint, denoiser = served(LATENT_SPEAKER)
    info = checkpoint.card.data
    coder = autoencoder_of(info)
    asked = RunSettings(
        model=LATENT_SPEAKER,
        condition=condition_of(info, settings.text),
        seed=settings.seed,
        **{**suited(info.name), "steps": settings.steps},
    )
    for step in run(asked, checkpoint, denoiser=denoiser):
        x = coder.preview(step.x) if step.sigma > 0 else coder.decode(step.x).clamp(-1, 1)
        yield {"frame": {"t": step.t, "shape": x.shape[1:], "x": sent(x)}}
    yield {"end": True}


def ladder(settings: StepsSettings, served: Served) -> Messages:
    """From one noise in ever more steps: how long each takes, and how far it is from many."""
    checkpoint, denoiser = served(DEFAULT)

    def made(steps: int) -> tuple[Tensor, float]:
        started = time.perf_counter()
        *_, last = run(RunSettings(steps=steps, seed=settings.seed), checkpoint, denoiser=denoiser)
        return last.x, time.perf_counter() - started

    reference, slow = made(REFERENCE)
    yield {
        "reference": {
            "steps": REFERENCE,
            "seconds": slow,
            "shape": reference.shape[1:],
            "x": sent(reference),
        }
    }
    distances = {}
    for steps in LADDER:
        x, seconds = made(steps)
        distances[steps] = rms_distance(x, reference)
        yield {
            "rung": {"steps": steps, "seconds": seconds, "distance": distances[steps], "x": sent(x)}
        }
    yield verdict(distances, slow)


def verdict(distances: dict[int, float], slow: float) -> dict[str, Any]:
    """What the distances say: how many steps came close to where many end."""
    enough = next((steps for steps, away in distances.items() if away < CLOSE), 0)
    outcome = "many" if enough == 0 or enough > 10 else "few" if enough > 1 else "one"
    first, last = distances[LADDER[0]], distances[LADDER[-1]]
    return found(
        outcome, enough=enough or REFERENCE, first=first, last=last, slow=slow, close=CLOSE
    )


def fewest(settings: FewestSettings, served: Served) -> Messages:
    """Whether so many DDIM steps end close to where many do, and one fewer does not."""
    checkpoint, denoiser = served(DEFAULT)

    def made(steps: int) -> Tensor:
        *_, last = run(RunSettings(steps=steps, seed=settings.seed), checkpoint, denoiser=denoiser)
        return last.x

    reference = made(REFERENCE)
    away = [rms_distance(made(steps), reference) for steps in (settings.steps, settings.steps - 1)]
    yield met(settings.steps, *away)


def met(steps: int, away: float, one_fewer: float) -> dict[str, Any]:
    outcome = "few" if away >= CLOSE else "many" if one_fewer < CLOSE else "met"
    return found(outcome, steps=steps, away=away, fewer=one_fewer, close=CLOSE)


def _none() -> Tensor:
    raise AssertionError("DDIM with η = 0 draws no noise on its way")


LOOK = Experiment(
    "look",
    LookSettings,
    ("opposite", "alike"),
    ("eps_early", "eps_late", "x0_early", "x0_late"),
    look,
)
APART = Experiment(
    "apart", ApartSettings, ("elsewhere", "near"), ("away", "factor", "step", "steps"), apart
)
STEPS = Experiment(
    "steps",
    StepsSettings,
    ("one", "few", "many"),
    ("enough", "first", "last", "slow", "close"),
    ladder,
)
BACK = Experiment("back", BackSettings, run=back)
WORDS = Experiment("words", WordsSettings, run=words)
LATENT = Experiment("latent", LatentSettings, run=latent)
FEWEST = Experiment(
    "fewest",
    FewestSettings,
    ("met", "few", "many"),
    ("steps", "away", "fewer", "close"),
    fewest,
)
