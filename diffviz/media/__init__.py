"""The registry of media: what a sample is, and how it is shown.

A new medium is a module beside this one with an entry of MEDIA, and a module of JavaScript that
draws it; whatever shows, tiles or exports samples finds it there by the name in a DataInfo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.media.medium import Medium
from diffviz.media.picture import PICTURE
from diffviz.media.points import POINTS

if TYPE_CHECKING:
    from diffviz.data.base import DataInfo

MEDIA: dict[str, Medium] = {medium.name: medium for medium in (PICTURE, POINTS)}


def medium_of(info: DataInfo) -> Medium:
    """What a sample of that data is; raises ValueError for a medium that is not there, or a shape
    that is none of its."""
    if info.medium not in MEDIA:
        raise ValueError(f"unknown medium {info.medium!r}; choose from {', '.join(MEDIA)}")
    medium = MEDIA[info.medium]
    if not medium.accepts(info.shape):
        raise ValueError(f"no {medium.name} has the shape {info.shape}")
    return medium
