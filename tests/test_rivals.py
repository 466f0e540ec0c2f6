"""Diffusion's rivals: their losses, the fairness of the race, and how it is judged."""

from __future__ import annotations

import math
from itertools import islice

import pytest
import torch
from torch import Generator, nn
from torch.distributions import Normal, kl_divergence

from diffviz.cpu.threads import Threads
from diffviz.rivals.autoencoders import VAE, Autoencoder
from diffviz.rivals.contest import ROUNDS
from diffviz.rivals.courses import COURSES, course_named
from diffviz.rivals.diffusion import Diffusion
from diffviz.rivals.gan import GAN
from diffviz.rivals.race import MADE, Race, Round
from diffviz.rivals.settings import RIVALS, RaceSettings
from diffviz.training.optimizer import AdamW

SMALL = RaceSettings(course="eight", seeds=1, weights=20_000, updates=32, batch=32)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("course", "weights"),
    [("eight", 20_000), ("moons", 50_000), ("twenty-five", 300_000), ("digits", 0)],
)
def test_all_have_the_same_number_of_weights(course: str, weights: int) -> None:
    settings = SMALL.but(course=course, weights=weights)
    counts = [lane.weights for lane in Race(settings).lanes]
    assert max(counts) <= 1.05 * min(counts)
    assert counts == pytest.approx([settings.budget()[0]] * len(RIVALS), rel=0.025)


def test_all_of_a_seed_see_the_same_batches() -> None:
    lanes = [MADE[name](SMALL.on(), SMALL, 3) for name in RIVALS]
    for lane in lanes:
        lane.step()
    batches = [lane.data() for lane in lanes]
    assert all(torch.equal(batch, batches[0]) for batch in batches)
    assert not torch.equal(batches[0], MADE["vae"](SMALL.on(), SMALL, 4).data())


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_goes_on_to_the_last_bit(name: str) -> None:
    one, other = (MADE[name](SMALL.on(), SMALL, 0) for _ in range(2))
    for _ in range(3):
        one.step()
    other.load_state({key: value.clone() for key, value in one.state().items()})
    assert (other.updates, other.seconds) == (one.updates, one.seconds)
    assert [one.step() for _ in range(2)] == [other.step() for _ in range(2)]
    assert torch.equal(one.sample(20, seeded(1)), other.sample(20, seeded(1)))


def test_the_critic_and_the_generator_descend_the_non_saturating_losses() -> None:
    gan = GAN(SMALL.on(), SMALL.but(penalty=3), 0)
    with torch.no_grad():
        for weight in gan.pair.critic.parameters():
            weight.zero_()
    plain = GAN(SMALL.on(), SMALL, 0)
    plain.pair.critic.load_state_dict(gan.pair.critic.state_dict())
    # Who cannot tell, D = 1/2, loses log 4, and the generator log 2.
    losses = plain.learn()
    assert losses["critic"] == pytest.approx(math.log(4), abs=1e-6)
    assert losses["generator"] == pytest.approx(math.log(2), abs=0.01)
    # Of a critic that is linear, w·x, R1 is γ/2·|w|².
    gan.pair.critic = nn.Sequential(nn.Linear(2, 1))
    data, w = gan.data(), torch.tensor([[3.0, 4.0]])
    gan.pair.critic[0].weight.data = w
    with_penalty = gan.critic_loss(data.clone())
    gan.settings, gan.generator = SMALL, seeded(2**32)
    gan.generator.set_state(GAN(SMALL.on(), SMALL, 0).generator.get_state())
    assert with_penalty.item() == pytest.approx(gan.critic_loss(data).item() + 1.5 * 25, rel=1e-5)


def test_the_critic_has_as_many_updates_as_are_asked_for() -> None:
    gan = GAN(SMALL.on(), SMALL.but(critic_updates=4), 0)
    gan.step()
    assert (gan.judging.steps, gan.generating.steps, gan.updates) == (4, 1, 1)


def test_the_vae_s_loss_is_the_evidence_lower_bound() -> None:
    vae = VAE(SMALL.on(), SMALL, 0)
    with torch.no_grad():
        vae.coder.log_std.fill_(-0.7)
        before = VAE(SMALL.on(), SMALL, 0)  # the same weights, batch and noise
        x = before.data()
        mean, log_variance = vae.coder.encode(x).chunk(2, dim=1)
        posterior = Normal(mean, (log_variance / 2).exp())
        eps = torch.randn(mean.shape, generator=before.generator)
        decoded = vae.coder.decode(mean + posterior.stddev * eps)
        likely = Normal(decoded, math.exp(-0.7)).log_prob(x)  # type: ignore[no-untyped-call]
        misfit = -likely.sum(1).mean()
        divergence = kl_divergence(posterior, Normal(0.0, 1.0)).sum(1).mean()
    losses = vae.learn()
    assert losses["divergence"] == pytest.approx(float(divergence), rel=1e-5)
    assert losses["misfit"] == pytest.approx(float(misfit), rel=1e-5)


def test_an_autoencoder_is_sampled_from_a_gaussian_like_its_codes() -> None:
    autoencoder = Autoencoder(course_named("moons"), SMALL, 0)
    autoencoder.coder.encoder = nn.Sequential(nn.Linear(2, 2))
    autoencoder.coder.decoder = nn.Sequential()  # samples are the codes then
    made = autoencoder.sample(20_000, seeded(1)).double()
    with torch.no_grad():
        codes = autoencoder.coder.encode(course_named("moons").batch(10_000, seeded(2))).double()
    assert torch.allclose(made.mean(0), codes.mean(0), atol=0.05)
    assert torch.allclose(torch.cov(made.T), torch.cov(codes.T), atol=0.05)


def test_diffusion_trains_as_any_denoiser_and_ends_with_the_race() -> None:
    diffusion = Diffusion(SMALL.on(), SMALL, 0)
    while diffusion.trainer.fraction() < 1:
        diffusion.step()
    assert diffusion.updates == SMALL.updates == diffusion.trainer.ema.updates
    assert diffusion.config.parametrization == "eps"


def test_without_decay_the_optimizer_is_adam() -> None:
    weights = torch.randn(50, generator=seeded(1))
    ours, theirs = weights.clone(), nn.Parameter(weights.clone())
    adam = torch.optim.Adam([theirs], lr=0.01, betas=(0.5, 0.999))
    own = AdamW(ours, (0.5, 0.999), decay=0.0, max_norm=math.inf)
    for step in range(5):
        gradient = 10 * torch.randn(50, generator=seeded(step))
        theirs.grad = gradient.clone()
        adam.step()
        own.step(gradient, 0.01, step, Threads(1))
    assert torch.allclose(ours, theirs.detach(), atol=1e-6)


@pytest.mark.parametrize("name", COURSES)
def test_fresh_data_covers_all_and_is_not_astray(name: str) -> None:
    course = course_named(name)
    score = course.score(course.fresh)
    assert score.covered == score.visited == len(course.modes.shares)
    assert score.astray < 0.035
    assert not course.collapsed(score)
    assert float(course.modes.shares.sum()) == pytest.approx(1)
    away = course.score(course.fresh + 9)
    assert (away.covered, away.astray) == (0, 1)
    assert away.energy > 10 * score.energy


def test_who_loses_more_than_half_of_the_modes_has_collapsed_and_a_blur_has_not() -> None:
    course = course_named("eight")
    near = course.modes.assign(course.fresh)[0]
    for kept, collapsed in ((3, True), (4, False)):
        score = course.score(course.fresh[near < kept])
        assert (score.visited, course.collapsed(score)) == (kept, collapsed)
    blur = course.score(torch.randn(1000, 2, generator=seeded(0)))
    assert (blur.visited, course.collapsed(blur)) == (8, False)
    assert blur.astray > 0.9
    broken = course.score(torch.full((50, 2), math.nan))
    assert (broken.visited, broken.astray, course.collapsed(broken)) == (1, 1, True)


def test_a_race_gives_all_the_same_and_looks_after_each_round() -> None:
    settings = SMALL.but(seeds=2, steps=4)
    rounds = [found for found in Race(settings).run() if found]
    assert [found.number for found in rounds] == list(range(ROUNDS + 1))
    for found in rounds:
        expected = math.ceil((found.number / ROUNDS) ** 2 * settings.updates)
        assert [place.updates for place in found.places] == [expected] * 8
        assert found.clouds.shape == (4, 2, 200, 2)
    noise = [found.clouds[2] for found in rounds[:2]]  # of the GAN: the same, so it moves little
    assert (noise[0] - noise[1]).abs().max() < 0.05


def test_a_race_goes_on_to_the_last_bit() -> None:
    settings = SMALL.but(steps=4, rivals=("gan", "diffusion"))
    whole, begun, resumed = (Race(settings) for _ in range(3))
    for _ in islice(begun.run(), 12):
        pass
    resumed.load_state(begun.state())
    assert 0 < resumed.fraction() < 1
    last: dict[str, Round] = {}
    for name, race in (("whole", whole), ("resumed", resumed)):
        last[name] = [found for found in race.run() if found][-1]
    assert torch.equal(last["whole"].clouds, last["resumed"].clouds)
    with pytest.raises(ValueError, match="another contest's state"):
        Race(SMALL).load_state(begun.state())


def test_seconds_may_be_the_budget() -> None:
    settings = SMALL.but(seconds=0.06, rivals=("vae", "gan"), steps=4)
    *_, last = (found for found in Race(settings).run() if found)
    for place in last.places:
        assert 0.06 <= place.seconds < 0.12
        assert place.updates > 0


def test_diffusion_learns_where_the_modes_are() -> None:
    settings = SMALL.but(rivals=("diffusion",), updates=400, batch=128, steps=20, objective="flow")
    *_, last = (found for found in Race(settings).run() if found)
    assert last.places[0].score.visited == 8
    assert last.places[0].score.energy < 0.3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rivals": ("gan", "ghost")}, "unknown rival 'ghost'; choose from autoencoder, vae, gan"),
        ({"rivals": ()}, "name each rival once"),
        ({"rivals": ("gan", "gan")}, "name each rival once"),
        ({"weights": 5000}, "at least 20,000 weights"),
    ],
)
def test_a_race_that_cannot_be_is_a_sentence(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Race(SMALL.but(**changes))
    with pytest.raises(ValueError, match="unknown course 'cube'; choose from eight"):
        SMALL.but(course="cube")
