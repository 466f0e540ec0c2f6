"""What an experiment showed as a figure, for notebooks and files: its messages, drawn.

It loads matplotlib; whoever needs it imports it then.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from diffviz.figures import drawn
from diffviz.figures.panels import Bars, Cloud, Curves, Picture, Row, panels
from diffviz.settings import unknown

Messages = Sequence[dict[str, Any]]
Rows = Sequence[Row]
ACROSS = 8  # pictures in a row


def figure(name: str, messages: Messages, theme: str = "light") -> Figure:
    """Of the messages of a run of the experiment of that name. Raises ValueError for one that
    draws nothing."""
    if name not in DRAWN:
        raise ValueError(unknown("figure of an experiment", name, DRAWN))
    return panels(DRAWN[name](messages), theme)


def numbers(text: str, shape: Iterable[int] = (-1,)) -> Tensor:
    """What `experiment.sent` has written."""
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float16).reshape(*shape)


def parts(messages: Messages, name: str) -> list[Any]:
    """What the messages tell under a name, in order."""
    return [message[name] for message in messages if name in message]


def three(value: float) -> str:
    return f"{value:.3g}"


def picture(title: str, text: str, shape: Iterable[int], note: str = "", by: float = 1) -> Picture:
    """by: what its numbers are divided by, to be seen."""
    return Picture(title, note, numbers(text, list(shape)[-3:]).float() / by)


def evenly(frames: Sequence[Any]) -> list[Any]:
    return [frames[i] for i in drawn.evenly(len(frames), ACROSS)]


def of_way(messages: Messages) -> Rows:
    frames = evenly(parts(messages, "frame"))
    return [Row([picture(f"t = {one['t']}", one["x"], one["shape"]) for one in frames])]


def of_look(messages: Messages) -> Rows:
    (seen,), (errors,) = parts(messages, "look"), parts(messages, "errors")
    shape, away = seen["shape"], seen["errors"]
    of_eps, of_x0 = (f"error {three(away[name])}" for name in ("eps", "x0"))
    pictures = [
        picture("$x_t$" + f", t = {seen['t']}", seen["x"], shape),
        picture(r"$\epsilon$", seen["true"]["eps"], shape, by=2),
        picture(r"$\hat\epsilon$", seen["eps"], shape, of_eps, by=2),
        picture(r"$\hat{x}_0$", seen["x0"], shape, of_x0),
    ]
    curves = {
        r"of $\hat\epsilon$": (errors["t"], errors["eps"]),
        r"of $\hat{x}_0$": (errors["t"], errors["x0"]),
    }
    return [Row(pictures), Row([Curves("Error", curves=curves, along="t")])]


def of_apart(messages: Messages) -> Rows:
    told = next(message for message in messages if "grid" in message)
    lanes: tuple[dict[int, Any], dict[int, Any]] = ({}, {})
    for frame in parts(messages, "frame"):
        lanes[frame["lane"]][frame["index"]] = frame
    run = list(lanes[0].values())
    other = [lanes[1].get(index, frame) for index, frame in lanes[0].items()]
    changed = rf"with $\hat\epsilon$ × {told['factor']:g} in step {told['changed'] + 1}"
    return [
        Row([picture(f"t = {one['t']}", one["x"], one["shape"]) for one in evenly(run)]),
        Row([picture("", one["x"], one["shape"]) for one in evenly(other)], changed),
    ]


def of_steps(messages: Messages) -> Rows:
    (reference,) = parts(messages, "reference")
    shape = reference["shape"]
    rungs = [
        picture(counted(one["steps"]), one["x"], shape, f"{three(one['distance'])} away")
        for one in parts(messages, "rung")
    ]
    return [Row([*rungs, picture(counted(reference["steps"]), reference["x"], shape)])]


def counted(steps: int) -> str:
    return f"{steps} step{'s' * (steps != 1)}"


def of_fewest(messages: Messages) -> Rows:
    (found,) = parts(messages, "measured")
    steps = int(found["steps"])
    lengths = {counted(steps): found["away"], counted(steps - 1): found["fewer"]}
    unit = f"distance to many steps; to be below {found['close']:g}"
    bars = Bars("How far they end", lengths=lengths, unit=unit, limit=found["close"])
    return [Row([bars])]


def of_clouds(messages: Messages) -> Rows:
    data, *lanes = parts(messages, "lane")
    made = [
        Cloud(lane["label"], f"Fréchet distance {three(lane['distance'])}", points_of(lane))
        for lane in lanes
    ]
    return [Row([Cloud(data["label"], points=points_of(data)), *made])]


def points_of(told: dict[str, Any]) -> Tensor:
    return numbers(told["points"], (-1, 2)).float()


def of_pictures(messages: Messages) -> Rows:
    return [
        Row(
            [picture("", x, lane["shape"]) for x in lane["pictures"][:ACROSS]],
            f"{lane['label']}: Fréchet distance {three(lane['distance'])}",
        )
        for lane in parts(messages, "lane")
    ]


def of_loop(messages: Messages) -> Rows:
    boxes = {message["box"]: message for message in messages if "box" in message}  # the last ones
    trained = [message for message in messages if message.get("box") == "train"]
    losses = {"": ([one["update"] for one in trained], [one["loss"] for one in trained])}
    clouds = [
        Cloud("Clean data", points=points_of(boxes["data"])),
        Cloud("Noise", f"t = {boxes['noise']['t']}", points_of(boxes["noise"])),
        Cloud(
            "Backwards from noise", f"t = {boxes['generate']['t']}", points_of(boxes["generate"])
        ),
    ]
    loss = Curves("Loss", curves=losses, along="updates", log=True)
    return [Row([*clouds[:2], loss, clouds[2]])]


def of_noising(messages: Messages) -> Rows:
    (told,), (found,) = parts(messages, "noised"), parts(messages, "measured")
    title, note = f"x + {found['factor']:g} · noise", f"SNR {three(found['snr'])}"
    shape = told["shape"]
    return [
        Row([picture("x", told["x"], shape), picture(title, told["noisy"], shape, note)]),
    ]


def of_race(messages: Messages) -> Rows:
    (race,) = parts(messages, "race")
    last = {cloud["name"]: cloud for cloud in parts(messages, "cloud")}
    of = [(rival["label"], last[rival["name"]]) for rival in race["rivals"]]
    modes = race["modes"]
    return [
        Row(
            [
                Cloud(label, f"{end['covered']} of {modes} modes", points_of(end))
                for label, end in of
            ]
        )
    ]


def of_speed(messages: Messages) -> Rows:
    timed = parts(messages, "timed")
    lengths = {one["label"]: 1000 * one["seconds"] for one in timed}
    return [Row([Bars(f"Time for {timed[0]['samples']} digits", lengths=lengths, unit="ms")])]


DRAWN: dict[str, Callable[[Messages], Rows]] = {
    "back": of_way,
    "words": of_way,
    "latent": of_way,
    "look": of_look,
    "apart": of_apart,
    "steps": of_steps,
    "fewest": of_fewest,
    "once": of_clouds,
    "schedule": of_clouds,
    "pictures": of_pictures,
    "loop": of_loop,
    "noising": of_noising,
    "race": of_race,
    "recorded": of_race,
    "speed": of_speed,
}
