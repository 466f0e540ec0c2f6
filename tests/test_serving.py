"""The engine that all visitors share: whose turn it is, what a batch does to a picture, ends."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from diffviz.checkpoints import Checkpoint, load_checkpoint
from diffviz.denoisers.base import Denoiser, Prediction, vjp
from diffviz.denoisers.clipped import ClippedDenoiser
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.media.levels import grey_levels
from diffviz.runs.sampling import run
from diffviz.runs.schema import EACH, RunSettings
from diffviz.samplers import SAMPLERS
from diffviz.serving import engine as engine_module
from diffviz.serving.admission import Admission, BusyError, InLine
from diffviz.serving.asked import Answer
from diffviz.serving.engine import LocalEngine, Request
from diffviz.serving.fair import FairQueue
from diffviz.serving.ticket import StoppedError, Ticket, TooLateError
from diffviz.web.clients import CLIENT
from tests.waiting import PATIENCE, eventually


@pytest.fixture(scope="module")
def fashion() -> Checkpoint:
    return load_checkpoint("fashion")


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    engine = LocalEngine(2)
    yield engine
    engine.close()


def same(_first: object, _second: object) -> bool:
    return True


def ticket(visitor: str = "me", seconds: float = PATIENCE) -> Ticket:
    return Ticket(visitor, seconds)


def results(
    engine: LocalEngine, checkpoint: Checkpoint, runs: list[RunSettings]
) -> list[Tensor | BaseException]:
    """The last picture of each, all running at once, or what ended it."""
    made: list[Tensor | BaseException] = [torch.empty(0)] * len(runs)

    def work(index: int, settings: RunSettings) -> None:
        denoiser = engine.denoiser("fashion", checkpoint, ticket(f"visitor {index}"))
        try:
            *_, last = run(settings, checkpoint, denoiser=denoiser)
            made[index] = last.x
        except BaseException as error:
            made[index] = error

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return made


# Whose turn it is


def test_a_light_visitor_does_not_wait_for_a_heavy_one() -> None:
    queue: FairQueue[str] = FairQueue()
    for step in range(3):
        queue.put("heavy", f"heavy {step}", 32)
    queue.put("light", "light 0", 1)
    assert queue.take(32, same) == ["light 0"]
    assert queue.take(32, same) == ["heavy 0"]
    queue.put("light", "light 1", 1)
    assert queue.take(32, same) == ["light 1"]


def test_a_newcomer_is_next_but_does_not_pass_for_ever() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("old", "old 0", 8)
    assert queue.take(8, same) == ["old 0"]
    queue.put("old", "old 1", 8)
    taken = []
    for number in range(10):
        queue.put(f"new {number}", f"new {number}", 8)
        taken += queue.take(8, same)
    assert "old 1" in taken


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness of their own")
def test_what_answers_a_hand_goes_before_runs() -> None:
    engine = LocalEngine(workers=2)

    def nice(thread: threading.Thread) -> int:
        assert thread.native_id is not None
        return os.getpriority(os.PRIO_PROCESS, thread.native_id)

    own = nice(threading.current_thread())
    runs, quick = engine._runs._threads, engine._quick._threads
    given_way = min(19, own + engine_module.NICE)
    eventually(lambda: {nice(thread) for thread in runs} == {given_way}, "the runs give way")
    assert {nice(thread) for thread in quick} == {own}
    engine.close()


def test_many_light_newcomers_do_not_pass_for_ever() -> None:
    queue: FairQueue[str] = FairQueue()
    for step in range(2):
        queue.put("heavy", f"heavy {step}", 32)
    taken = []
    for number in range(200):
        queue.put(f"light {number}", f"light {number}", 1)
        taken += queue.take(1, same)
    assert {"heavy 0", "heavy 1"} <= set(taken)


def test_in_the_middle_of_a_round_of_large_ones_a_small_one_is_soon() -> None:
    """Fifty visitors step by step at once; one who asks for a single picture does not wait until
    all of them have had their turn."""
    queue: FairQueue[str] = FairQueue()
    for step in range(3):
        for visitor in range(50):
            queue.put(str(visitor), "step", 8)
        for _ in range(6 if step == 2 else 13):
            queue.take(32, same)
    queue.put("newcomer", "one picture", 1)
    assert "one picture" in queue.take(32, same)


@given(st.lists(st.integers(1, 32), min_size=2, max_size=8))
def test_visitors_get_equal_shares_whatever_they_ask_for(costs: list[int]) -> None:
    """Each visitor asks again as soon as it was served; after long, none has got more than the
    others by more than two of the largest requests."""
    queue: FairQueue[int] = FairQueue()
    done = [0] * len(costs)
    for visitor, cost in enumerate(costs):
        queue.put(str(visitor), visitor, cost)
    for _ in range(60 * len(costs)):
        for visitor in queue.take(1, same):
            done[visitor] += costs[visitor]
            queue.put(str(visitor), visitor, costs[visitor])
    assert max(done) - min(done) <= 2 * max(costs)


def test_a_batch_holds_what_is_alike_and_fits() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for visitor, (network, cost) in enumerate([("a", 8), ("b", 8), ("a", 20), ("a", 9), ("a", 30)]):
        queue.put(str(visitor), (network, cost), cost)

    def alike(one: tuple[str, int], other: tuple[str, int]) -> bool:
        return one[0] == other[0]

    assert queue.take(32, alike) == [("a", 8), ("a", 9)]  # 20 more do not fit, and end it
    assert queue.take(32, alike) == [("b", 8)]
    assert queue.take(32, alike) == [("a", 20)]
    assert queue.take(32, alike) == [("a", 30)]
    assert len(queue) == 0


def test_who_asks_for_little_has_little_company() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("light", "one picture", 1)
    for visitor in range(4):
        queue.put(str(visitor), "four", 4)
    assert queue.take(32, same) == ["one picture", "four"]  # eight times it at most
    assert queue.take(32, same) == ["four"] * 3


def test_what_is_bigger_than_a_batch_goes_alone() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("a", "big", 100)
    queue.put("b", "also big", 101)
    assert queue.take(32, same) == ["big"]
    assert queue.take(32, same) == ["also big"]


def test_the_queue_forgets_visitors() -> None:
    queue: FairQueue[int] = FairQueue()
    for visitor in range(5000):
        queue.put(str(visitor), visitor, 1)
        queue.take(1, same)
    assert len(queue._ends) <= 1001


# What a batch does to a picture


def test_alone_it_is_the_same_to_the_bit(engine: LocalEngine, fashion: Checkpoint) -> None:
    settings = RunSettings(condition={"class": EACH}, count=4, steps=5)
    torch.set_num_threads(1)
    *_, alone = run(settings, fashion)
    assert torch.equal(results(engine, fashion, [settings])[0], alone.x)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_picture_whatever_else_runs(
    sampler: str, engine: LocalEngine, fashion: Checkpoint
) -> None:
    """Within one grey level of 256, and 1e-3 of the range: rounding differs with the batch's size,
    and later steps carry it on."""
    steps = 8
    mine = RunSettings(condition={"class": "bag"}, count=2, seed=7, sampler=sampler, steps=steps)
    others = [
        mine.but(count=n, seed=n, sampler="ddim", steps=2 * steps, condition={"class": EACH})
        for n in (1, 3)
    ]
    *_, alone = run(mine, fashion)
    together = results(engine, fashion, [mine, *others])[0]
    assert isinstance(together, Tensor)
    assert (together - alone.x).abs().max() < 1e-3
    levels = grey_levels(together).int() - grey_levels(alone.x).int()
    assert levels.abs().max() <= 1


def test_runs_that_wait_go_as_one_batch(fashion: Checkpoint) -> None:
    rows: list[tuple[int, int]] = []
    engine = LocalEngine(1, observe=lambda requests, total, _s: rows.append((requests, total)))
    runs = [RunSettings(condition={"class": "bag"}, count=2, seed=i, steps=6) for i in range(6)]
    assert all(isinstance(made, Tensor) for made in results(engine, fashion, runs))
    engine.close()
    assert sum(total for _, total in rows) == 6 * 6 * 4
    assert max(total for _, total in rows) > 4  # of several visitors
    assert max(total for _, total in rows) <= engine_module.MOST_ROWS
    assert len(rows) < 6 * 6


def test_workers_share_what_waits(fashion: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits is not in one large batch with all the others while a worker has little to do."""
    sizes: list[int] = []
    ended, inner = threading.Semaphore(0), engine_module.evaluate

    def evaluate(batch: list[Request]) -> object:
        sizes.append(len(batch))
        assert ended.acquire(timeout=PATIENCE)
        return inner(batch)

    monkeypatch.setattr(engine_module, "evaluate", evaluate)
    engine = LocalEngine(workers=2)

    def submit(visitor: int) -> Future[Answer]:
        x, row = torch.zeros(1, 1, 28, 28), torch.full((1,), 0.7)
        condition = torch.zeros(1, 1, dtype=torch.int64)
        return engine.submit(Request(fashion, x, row, row, condition, ticket(str(visitor))))

    answers = []
    for visitor in range(2):
        answers.append(submit(visitor))
        eventually(lambda: engine.waiting == 0)
    answers += [submit(visitor) for visitor in range(2, 10)]
    ended.release()  # one worker ends, then the next
    eventually(lambda: len(sizes) == 3)
    ended.release()
    eventually(lambda: len(sizes) == 4)
    ended.release(2)
    for answer in answers:
        answer.result(PATIENCE)
    engine.close()
    assert sizes == [1, 1, 5, 3]


def test_two_networks_are_never_in_one_batch(engine: LocalEngine, fashion: Checkpoint) -> None:
    heroes = load_checkpoint("heroes")
    made = {}

    def work(name: str, checkpoint: Checkpoint) -> None:
        denoiser = engine.denoiser(name, checkpoint, ticket(name))
        *_, last = run(RunSettings(model=name, steps=4), checkpoint, denoiser=denoiser)
        made[name] = last.x

    both = [threading.Thread(target=work, args=pair) for pair in
            (("fashion", fashion), ("heroes", heroes))]  # fmt: skip
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(PATIENCE)
    assert made["fashion"].shape[1:] == (1, 28, 28)
    assert made["heroes"].shape[1:] == (3, 32, 32)


# Ends


def ask(denoiser: Callable[..., Prediction]) -> Callable[[], BaseException | None]:
    """Evaluate in a thread; the result joins it and tells what it raised."""
    raised: list[BaseException | None] = [None]

    def work() -> None:
        try:
            denoiser(torch.zeros(1, 1, 28, 28), 0.5, 0.5)
        except BaseException as error:
            raised[0] = error

    thread = threading.Thread(target=work)
    thread.start()

    def join() -> BaseException | None:
        thread.join(PATIENCE)
        assert not thread.is_alive()
        return raised[0]

    return join


@pytest.fixture
def lone(fashion: Checkpoint) -> Iterator[LocalEngine]:
    """An engine with one worker."""
    engine = LocalEngine(1)
    yield engine
    engine.close()


@pytest.fixture
def gate(
    lone: LocalEngine, fashion: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> Iterator[threading.Event]:
    """Keeps the lone engine's worker busy with a run until it is set; what is quick passes."""
    opened, reached = threading.Event(), threading.Event()
    inner = engine_module.evaluate

    def evaluate(batch: list[Request]) -> object:
        if not batch[0].ticket.quick:
            reached.set()
            assert opened.wait(PATIENCE)
        return inner(batch)

    monkeypatch.setattr(engine_module, "evaluate", evaluate)
    first = ask(lone.denoiser("fashion", fashion, ticket("first")))
    assert reached.wait(PATIENCE)
    yield opened
    opened.set()
    assert first() is None


@pytest.mark.usefixtures("gate")
def test_who_stops_does_not_wait(lone: LocalEngine, fashion: Checkpoint) -> None:
    mine = ticket("mine")
    waiting = ask(lone.denoiser("fashion", fashion, mine))
    eventually(lambda: lone.waiting)
    mine.stop()
    assert isinstance(waiting(), StoppedError)
    assert lone.waiting == 0


@pytest.mark.usefixtures("gate")
def test_what_is_quick_does_not_wait_for_runs(lone: LocalEngine, fashion: Checkpoint) -> None:
    slider = Ticket("slider", PATIENCE, quick=True)
    assert ask(lone.denoiser("fashion", fashion, slider))() is None


@pytest.mark.usefixtures("gate")
def test_who_has_had_their_time_is_told(lone: LocalEngine, fashion: Checkpoint) -> None:
    late = ask(lone.denoiser("fashion", fashion, ticket("late", 0.2)))
    assert isinstance(error := late(), TooLateError)
    assert "fewer pictures or steps" in str(error)


def test_a_batch_that_fails_does_not_end_its_worker(lone: LocalEngine, fashion: Checkpoint) -> None:
    denoiser = lone.denoiser("fashion", fashion, ticket())
    with pytest.raises(RuntimeError):
        denoiser(torch.zeros(1, 3, 5, 5), 0.5, 0.5)  # no picture of this network's
    assert denoiser(torch.zeros(1, 1, 28, 28), 0.5, 0.5).x0.isfinite().all()


def test_closing_ends_what_waits(
    lone: LocalEngine, gate: threading.Event, fashion: Checkpoint
) -> None:
    waiting = ask(lone.denoiser("fashion", fashion, ticket("second")))
    eventually(lambda: lone.waiting)
    closing = threading.Thread(target=lone.close)
    closing.start()
    assert isinstance(waiting(), StoppedError)
    gate.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    with pytest.raises(StoppedError):
        lone.denoiser("fashion", fashion, ticket())(torch.zeros(1, 1, 28, 28), 0.5, 0.5)


# The line


async def number_in_line(admission: Admission, told: list[int]) -> None:
    async with aclosing(admission.queue()) as numbers:
        async for number in numbers:
            told.append(number)
    with admission.ticket("someone"):
        await asyncio.sleep(0.05)


def test_everyone_knows_their_number_and_gets_in() -> None:
    async def scene() -> list[list[int]]:
        admission, told = Admission(1, 10, PATIENCE), [[] for _ in range(4)]
        await asyncio.gather(*(number_in_line(admission, numbers) for numbers in told))
        assert admission.running == admission.waiting == 0
        return told

    first, second, third, fourth = asyncio.run(scene())
    assert first == []
    assert second == [1]
    assert third[0] == 2
    assert fourth[0] == 3


def test_a_full_line_says_so() -> None:
    async def scene() -> None:
        admission = Admission(1, 1, PATIENCE)
        others = [asyncio.create_task(number_in_line(admission, [])) for _ in range(2)]
        await asyncio.sleep(0.01)
        with pytest.raises(BusyError, match="1 runs are under way and 1 visitors wait"):
            await number_in_line(admission, [])
        await asyncio.gather(*others)

    asyncio.run(scene())


def test_no_address_takes_all_places_or_all_of_the_line() -> None:
    async def scene() -> None:
        admission = Admission(4, 8, PATIENCE, share=0.5)

        async def ask(client: str) -> list[int]:
            CLIENT.set(client)
            told: list[int] = []
            await number_in_line(admission, told)
            return told

        many = [asyncio.create_task(ask("one")) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert (admission.running, admission.waiting) == (2, 4)
        assert await ask("another") == []  # has a place at once
        ended = await asyncio.gather(*many, return_exceptions=True)
        assert sum(isinstance(end, BusyError) for end in ended) == 14
        assert admission.running == admission.waiting == 0

    asyncio.run(scene())


def test_who_leaves_the_line_keeps_nobody_waiting() -> None:
    async def scene() -> None:
        admission = Admission(1, 10, PATIENCE)
        tasks = [asyncio.create_task(number_in_line(admission, [])) for _ in range(5)]
        await asyncio.sleep(0.01)
        for task in tasks[1:4]:
            task.cancel()
        await asyncio.wait_for(tasks[4], PATIENCE)
        assert admission.running == admission.waiting == 0

    asyncio.run(scene())


def test_one_run_computes_at_a_time_but_for_those_that_wait_for_a_network() -> None:
    everyone = threading.Barrier(3)
    computing, together = 0, []

    def parts(ticket: Ticket) -> Iterator[int]:
        nonlocal computing
        for part in range(5):
            computing += 1
            together.append(computing)
            time.sleep(0.005)
            computing -= 1
            with ticket.waiting():
                everyone.wait(PATIENCE)  # all wait at the same time, or none gets on
            yield part

    async def listen(admission: Admission) -> list[int | InLine]:
        async with aclosing(admission.parts("me", parts)) as made:
            return [part async for part in made]

    async def scene() -> list[list[int | InLine]]:
        admission = Admission(3, 10, PATIENCE)
        return await asyncio.gather(*(listen(admission) for _ in range(3)))

    assert asyncio.run(scene()) == [list(range(5))] * 3
    assert together == [1] * 15


def test_stopping_does_not_wait_for_a_part_that_is_being_made() -> None:
    free = threading.Event()

    def parts() -> Iterator[int]:
        yield 0
        free.wait(PATIENCE)
        yield 1

    async def scene() -> float:
        admission = Admission(1, 10, PATIENCE)

        async def listen() -> None:
            async with aclosing(admission.parts("me", lambda ticket: parts())) as made:
                async for _ in made:
                    pass

        task = asyncio.create_task(listen())
        await asyncio.sleep(0.1)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert admission.running == 0
        free.set()
        return time.monotonic() - started

    assert asyncio.run(scene()) < PATIENCE / 3  # or else it waits for all of it


def test_a_ticket_tells_those_who_wait_for_it_once() -> None:
    calls: list[str] = []
    one = ticket()
    forget = one.when_stopped(lambda: calls.append("forgotten"))
    one.when_stopped(lambda: calls.append("told"))
    forget()
    one.stop()
    one.stop()
    one.when_stopped(lambda: calls.append("too late, told at once"))
    assert calls == ["told", "too late, told at once"]
    with pytest.raises(StoppedError):
        one.check()


# Vector-Jacobian products


def lone_batch(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> list[list[bool]]:
    """Of each batch, which of its requests asked for a product; filled as they are evaluated."""
    batches: list[list[bool]] = []
    inner = engine_module.evaluate

    def evaluate(batch: list[Request]) -> object:
        batches.append([request.v is not None for request in batch])
        return inner(batch)

    monkeypatch.setattr(engine_module, "evaluate", evaluate)
    return batches


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


X, V = randn(6, 1, 28, 28), randn(6, 1, 28, 28, seed=1)
LEVELS = [(0.9, 0.3), (0.5, 0.8), (0.1, 0.99)]
SAID = torch.tensor([[1], [0]])


def test_products_are_answered_in_one_batch_and_are_autograds(
    lone: LocalEngine,
    fashion: Checkpoint,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three visitors ask for products of two pictures each, another for a prediction alone."""
    batches = lone_batch(lone, monkeypatch)
    answers: dict[int, tuple[Prediction, Tensor]] = {}

    def visit(number: int) -> None:
        denoiser = lone.denoiser("fashion", fashion, ticket(f"visitor {number}"))
        rows = slice(2 * number, 2 * number + 2)
        answers[number] = vjp(denoiser, X[rows], *LEVELS[number], SAID, V[rows])

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(3)]
    for visitor in visitors:
        visitor.start()
    plain = ask(lone.denoiser("fashion", fashion, ticket("other")))
    eventually(lambda: lone.waiting == 4)
    gate.set()
    for visitor in visitors:
        visitor.join(PATIENCE)
    assert plain() is None
    assert sorted(batches) == [[False], [True, True, True]]
    for number, level in enumerate(LEVELS):
        rows = slice(2 * number, 2 * number + 2)
        x = X[rows].clone().requires_grad_()
        right = fashion.denoiser()(x, *level, SAID)
        (gradient,) = torch.autograd.grad(right.x0, x, V[rows])
        prediction, product = answers[number]
        torch.testing.assert_close(prediction.x0, right.x0.detach(), rtol=0, atol=1e-4)
        torch.testing.assert_close(prediction.eps, right.eps.detach(), rtol=0, atol=1e-4)
        torch.testing.assert_close(product, gradient, rtol=0, atol=1e-4)
        assert not product.requires_grad
        assert not prediction.x0.requires_grad


def test_a_product_counts_as_three_predictions(fashion: Checkpoint) -> None:
    levels = torch.ones(4).double(), torch.ones(4).double()
    plain = Request(fashion, X[:4], *levels, torch.zeros(4, 1).long(), ticket())
    product = replace(plain, v=V[:4])
    assert (plain.cost, product.cost) == (4, 12)
    assert not plain.alike(product)
    assert product.alike(replace(product))


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_autograd_goes_through_the_engine_and_what_wraps_it(
    engine: LocalEngine, fashion: Checkpoint, guidance: float
) -> None:
    """As posterior sampling does: the gradient of a loss of both x̂0 and ε̂, through guidance and
    clipping."""

    def gradient(denoiser: Denoiser) -> Tensor:
        x = X[:2].clone().requires_grad_()
        x0, eps = ClippedDenoiser(GuidedDenoiser(denoiser, guidance))(x, 0.8, 0.6, SAID)
        (by_x,) = torch.autograd.grad((x0 - 0.3).square().sum() + (eps * V[:2]).sum(), x)
        return by_x

    mine = gradient(engine.denoiser("fashion", fashion, ticket()))
    torch.testing.assert_close(mine, gradient(fashion.denoiser()), rtol=1e-3, atol=1e-3)


def test_who_asks_for_numbers_alone_waits_for_no_product(
    engine: LocalEngine, fashion: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = lone_batch(engine, monkeypatch)
    denoiser = engine.denoiser("fashion", fashion, ticket())
    x = X[:1].clone().requires_grad_()
    with torch.no_grad():
        assert not denoiser(x, 0.8, 0.6).x0.requires_grad
    assert denoiser(x, 0.8, 0.6).x0.requires_grad
    assert batches == [[False], [False]]


@pytest.mark.usefixtures("gate")
def test_who_stops_does_not_wait_for_a_product(lone: LocalEngine, fashion: Checkpoint) -> None:
    mine = ticket("mine")
    denoiser = lone.denoiser("fashion", fashion, mine)
    waiting = ask(lambda x, alpha, sigma: vjp(denoiser, x, alpha, sigma, None, x)[0])
    eventually(lambda: lone.waiting)
    mine.stop()
    assert isinstance(waiting(), StoppedError)
    with pytest.raises(StoppedError):
        vjp(denoiser, X[:1], 0.8, 0.6, None, V[:1])
