"""Figures for slides, papers and notebooks: matplotlib's, in one house style, light or dark.

>>> from diffviz import figures, make_schedule
>>> figures.schedules([make_schedule(name) for name in ("linear", "cosine")]).savefig("two.svg")

Each function returns a matplotlib Figure, which a notebook shows; `save` writes one as PNG, SVG or
PDF, the same bytes each time. To pyplot, and what it keeps of all figures, they are unknown.
"""

from diffviz.figures.drawn import answers as answers
from diffviz.figures.drawn import convergence as convergence
from diffviz.figures.drawn import forward as forward
from diffviz.figures.drawn import losses as losses
from diffviz.figures.drawn import samples as samples
from diffviz.figures.drawn import sampling as sampling
from diffviz.figures.drawn import schedules as schedules
from diffviz.figures.plane import plane as plane
from diffviz.figures.plane import plane_over_t as plane_over_t
from diffviz.figures.races import race as race
from diffviz.figures.races import translation as translation
from diffviz.figures.style import FORMATS as FORMATS
from diffviz.figures.style import save as save
