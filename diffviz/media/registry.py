"""The registry of media: what a sample is, and how it is shown.

A new medium is a module beside this one with an entry of MEDIA, and a module of JavaScript that
draws it; whatever shows, tiles or exports samples finds it there by the name in a DataInfo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.media.latent import LATENT
from diffviz.media.medium import Medium
from diffviz.media.picture import PICTURE
from diffviz.media.points import POINTS

if TYPE_CHECKING:
    from diffviz.data.base import DataInfo

MEDIA: dict[str, Medium] = {medium.name: medium for medium in (PICTURE, POINTS, LATENT)}


def medium(name: str) -> Medium:
    """The entry of that name; raises ValueError, naming those that there are."""
    if name not in MEDIA:
        raise ValueError(f"unknown medium {name!r}; choose from {', '.join(MEDIA)}")
    return MEDIA[name]


def medium_of(info: DataInfo) -> Medium:
    """What a sample of that data is; raises ValueError as above, and for a shape that no sample of
    the medium has."""
    known = medium(info.medium)
    if not known.accepts(info.shape):
        raise ValueError(f"no {known.plural} have the shape {info.shape}")
    return known
