"""The settings of a race and of a translation, declared once: for the page, the endpoints and the
command line."""

from __future__ import annotations

from typing import Annotated, ClassVar

from diffviz.data.plane.shapes import SHAPES
from diffviz.rivals.courses import COURSES, Course, course_named
from diffviz.settings import Setting, Settings, declared, unknown
from diffviz.training.config import predicted

# Name → label, in the order in which they came.
RIVALS = {
    "autoencoder": "Autoencoder",
    "vae": "VAE",
    "gan": "GAN",
    "diffusion": "Diffusion",
}


class RaceSettings(Settings):
    """Who races on what, with how much of everything. What differs from rival to rival is as its
    textbook has it: a GAN's learning rates and β1 (Radford et al. 2016), its loss (Goodfellow et
    al. 2014), one update of the critic for each of the generator's."""

    heading: ClassVar[str] = "the race"

    course: Annotated[str, Setting(label="Data", help="What is to be learned", choices=COURSES)] = (
        "eight"
    )
    rivals: Annotated[
        tuple[str, ...],
        Setting(label="Who races", help=f"Of {', '.join(RIVALS)}"),
    ] = tuple(RIVALS)
    seeds: Annotated[
        int,
        Setting(label="Seeds", help="How often each races", minimum=1, maximum=10, step=1),
    ] = 5
    seed: Annotated[
        int,
        Setting(label="First seed", help="Others follow it", minimum=0, maximum=10**6, step=1),
    ] = 0
    weights: Annotated[
        int,
        Setting(
            label="Weights of each",
            help="Of all networks of a rival together; 0: as is usual for the data",
            minimum=0,
            maximum=2_000_000,
            step=1000,
            advanced=True,
        ),
    ] = 0
    updates: Annotated[
        int,
        Setting(
            label="Updates of each",
            help="Batches that each learns from; 0: as is usual for the data",
            minimum=0,
            maximum=50_000,
            step=100,
        ),
    ] = 0
    seconds: Annotated[
        float,
        Setting(
            label="Seconds of each",
            help="CPU seconds that each has, in place of updates; 0: it is updates that count",
            minimum=0,
            maximum=600,
            unit="seconds",
            advanced=True,
        ),
    ] = 0
    batch: Annotated[
        int,
        Setting(label="Batch", help="Samples an update", minimum=8, maximum=1024, advanced=True),
    ] = 128
    rate: Annotated[
        float,
        Setting(
            label="Learning rate",
            help="Of autoencoder, VAE and diffusion, as Adam's paper has it",
            minimum=1e-6,
            maximum=0.1,
            advanced=True,
        ),
    ] = 1e-3
    generator_rate: Annotated[
        float,
        Setting(
            label="GAN: generator's learning rate",
            help="Of the GAN's generator",
            minimum=0,
            maximum=0.1,
        ),
    ] = 2e-4
    critic_rate: Annotated[
        float,
        Setting(
            label="GAN: critic's learning rate",
            help="Of the GAN's critic",
            minimum=0,
            maximum=0.1,
        ),
    ] = 2e-4
    critic_updates: Annotated[
        int,
        Setting(
            label="GAN: critic's updates",
            help="Of the GAN's critic, for each of its generator's",
            minimum=1,
            maximum=10,
            step=1,
        ),
    ] = 1
    momentum: Annotated[
        float,
        Setting(
            label="GAN: β1",
            help="β1 of the GAN's Adam",
            minimum=0,
            maximum=0.99,
            advanced=True,
        ),
    ] = 0.5
    penalty: Annotated[
        float,
        Setting(
            label="GAN: gradient penalty",
            help="Weight γ of R1 on the critic (Mescheder et al. 2018); the textbook has none, 0",
            minimum=0,
            maximum=100,
        ),
    ] = 0
    objective: Annotated[
        str,
        Setting(
            label="Diffusion: the network predicts",
            help="What diffusion's network predicts",
            choices=predicted,
            advanced=True,
        ),
    ] = "eps"
    steps: Annotated[
        int,
        Setting(
            label="Diffusion: steps",
            help="Of diffusion's sampler, DDIM",
            minimum=1,
            maximum=1000,
            step=1,
            advanced=True,
        ),
    ] = 50

    def check(self) -> None:
        """Raises ValueError, in a sentence, for rivals that there are not."""
        if strangers := [name for name in self.rivals if name not in RIVALS]:
            raise ValueError(unknown("rival", strangers[0], RIVALS))
        if not self.rivals or len(set(self.rivals)) < len(self.rivals):
            raise ValueError(f"name each rival once: {', '.join(RIVALS)}")
        if self.weights and self.weights < MIN_WEIGHTS:
            raise ValueError(f"a rival has at least {MIN_WEIGHTS:,} weights, not {self.weights:,}")

    def on(self) -> Course:
        """The course; raises ValueError, naming those that there are."""
        return course_named(self.course)

    def budget(self) -> tuple[int, int]:
        """(weights, updates) of each rival."""
        course = self.on()
        return self.weights or course.weights, self.updates or course.updates


MIN_WEIGHTS = 20_000  # below, widths are too coarse for equal numbers of them
RACE = declared(RaceSettings)
PLANE = {name: shape.label for name, shape in SHAPES.items()}


class TranslationSettings(Settings):
    """From where to where, with how much of everything. Rates and weights are as Zhu et al. 2017
    have them for the CycleGAN, and as the race has them for diffusion."""

    heading: ClassVar[str] = "the translation"

    source: Annotated[str, Setting(label="From", help="The cloud to begin from", choices=PLANE)] = (
        "moons"
    )
    target: Annotated[str, Setting(label="To", help="The cloud to arrive in", choices=PLANE)] = (
        "rings"
    )
    weights: Annotated[
        int,
        Setting(
            label="Weights of each",
            help="Of all networks of a translator together",
            minimum=40_000,
            maximum=1_000_000,
            step=1000,
            advanced=True,
        ),
    ] = 100_000
    updates: Annotated[
        int,
        Setting(
            label="Updates of each",
            help="Batches that each learns from",
            minimum=10,
            maximum=50_000,
            step=100,
        ),
    ] = 5000
    batch: Annotated[int, RACE["batch"]] = 128
    cycle: Annotated[
        float,
        Setting(
            label="CycleGAN: weight of the cycle",
            help="λ of the CycleGAN's cycle loss; with 0 nothing ties the ways there and back",
            minimum=0,
            maximum=100,
        ),
    ] = 10.0
    rate: Annotated[
        float,
        Setting(
            label="CycleGAN: learning rate",
            help="Of the CycleGAN's four networks",
            minimum=1e-6,
            maximum=0.1,
            advanced=True,
        ),
    ] = 2e-4
    steps: Annotated[
        int,
        Setting(
            label="Bridges: steps",
            help="Of the bridges, each way: of inversion and of sampling",
            minimum=2,
            maximum=1000,
            step=1,
        ),
    ] = 100
    seed: Annotated[
        int, Setting(label="Seed", help="Of all random numbers", minimum=0, maximum=10**6, step=1)
    ] = 0

    def check(self) -> None:
        """Raises ValueError, in a sentence, where there is nothing to translate."""
        if self.source == self.target:
            raise ValueError("choose two clouds that differ, one to begin from, one to arrive in")

    def diffusion(self) -> RaceSettings:
        """Of each of the bridges' two denoisers."""
        return RaceSettings(
            weights=self.weights // 2, updates=self.updates, batch=self.batch, steps=self.steps
        )
