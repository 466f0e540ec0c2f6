"""`python -m diffviz converge`: samplers against the exact solution, on points in the plane."""

from __future__ import annotations

from typing import Annotated

from diffviz.cli.options import Out, Threads
from diffviz.cli.parser import note, output_file, use_threads
from diffviz.measure.plane_convergence import ConvergenceSettings
from diffviz.settings import Setting

EPILOG = """\
In the plane the end of a deterministic way from noise is known: the probability-flow ODE's,
integrated to 1e-8. The figure has each sampler's distance to it over evaluations of the denoiser,
on log axes, with its measured order.

  python -m diffviz converge -o orders.svg
  python -m diffviz converge --data moons --denoiser learned --samplers heun unipc --at 16,32,64"""


class Options(ConvergenceSettings):
    """Which samplers, and what becomes of it."""

    theme: Annotated[str, Setting(help="Ground of the figure", choices=("light", "dark"))] = "light"
    out: Out = "orders.png"
    threads: Threads


def run(options: Options) -> None:
    from diffviz.figures import FORMATS, convergence, save
    from diffviz.measure.convergence import slopes
    from diffviz.measure.plane_convergence import Convergence
    from diffviz.samplers import SAMPLERS

    out = output_file(options.out, FORMATS)
    use_threads(options.threads)
    settings = options.part(ConvergenceSettings)
    runs = []
    for one in Convergence(settings).runs():
        note(f"{one.sampler}, {one.steps} steps: {one.distance:.2e}")
        runs.append(one)
    found = slopes(runs)
    labels = {
        name: f"{SAMPLERS[name].label}, order {found[name]:.2f}" if name in found else name
        for name in settings.samplers
    }
    distances = {
        labels[name]: [(one.evaluations, one.distance) for one in runs if one.sampler == name]
        for name in settings.samplers
    }
    save(convergence(distances, settings.data, options.theme), out)
    print(f"{out}: " + "; ".join(labels.values()))
