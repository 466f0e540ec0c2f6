"""The code that repeats a run."""

from __future__ import annotations

from textwrap import dedent

from diffviz.data.base import DataInfo
from diffviz.media.picture import PICTURE
from diffviz.media.registry import medium_of
from diffviz.runs.conditions import conditions, rows
from diffviz.runs.schema import RunSettings


def code(settings: RunSettings, info: DataInfo, threads: int) -> str:
    """A Python program that repeats the run with the library, to the last bit on one machine.

    threads: how many the run had; the order of floating-point sums may depend on it.
    """
    options = {"zero_terminal_snr": True} if settings.zero_terminal_snr else {}
    if settings.handles is not None:
        schedule = call("drawn_schedule", list(settings.handles), T=settings.T, **options)
    else:
        schedule = call(
            "make_schedule",
            settings.schedule,
            T=settings.T,
            **options,
            **settings.schedule_parameters,
        )
    denoiser = "checkpoint.denoiser()"
    table = rows(settings, info)
    if table.any():
        scale = settings.scale
        written = repr(scale) if isinstance(scale, float) else f"torch.tensor({scale})"
        negative = conditions(info, settings.negative, 1).tolist()
        extra = f", negative=torch.tensor({negative})" if settings.negative else ""
        denoiser = f"diffviz.GuidedDenoiser({denoiser}, scale={written}{extra})"
    options = {"clip_x0": True} if settings.clip_x0 else {}
    extra_code = "".join(
        f",\n    {name}={value!r}"
        for name, value in {**options, **settings.sampler_parameters}.items()
    )
    seeds = f"range({settings.seed}, {settings.seed + settings.count})"
    if settings.vary:
        seeds = repr(settings.seeds)
    noise = f"diffviz.SeededNoise({seeds}, {info.shape})"
    if medium_of(info).together:
        stream = (settings.seed, settings.count, info.shape, settings.columns)
        noise = f"diffviz.StreamedNoise{stream}"
    medium = "" if info.medium == PICTURE.name else f", medium=diffviz.MEDIA[{info.medium!r}]"
    words = ", ".join(f"{k}={v}" for k, v in settings.condition.items()) or "nothing said"
    return dedent(
        f"""\
        # Repeats a run of diffviz, to the last bit on the same machine.
        import diffviz
        import torch

        torch.set_num_threads({threads})
        checkpoint = diffviz.load_checkpoint({settings.model!r})
        denoiser = {denoiser}
        schedule = {schedule}
        grid = schedule.grid({settings.steps}, {settings.spacing!r})
        noise = {noise}
        condition = torch.tensor({table.tolist()})  # {words}

        for step in diffviz.sample(
            denoiser,
            schedule,
            grid,
            noise,
            sampler={settings.sampler!r},
            condition=condition@EXTRA@,
        ):
            print(f"t = {{step.t}}: alpha {{step.alpha:.4f}}, sigma {{step.sigma:.4f}}")

        print("fingerprint", diffviz.fingerprint(step.x))
        diffviz.save_png(step.x, "diffviz.png"{medium})
        """
    ).replace("@EXTRA@", extra_code)


def call(function: str, *positional: object, **named: object) -> str:
    """The source of a call of one of the library's functions."""
    arguments = [repr(value) for value in positional]
    arguments += [f"{name}={value!r}" for name, value in named.items()]
    return f"diffviz.{function}({', '.join(arguments)})"
