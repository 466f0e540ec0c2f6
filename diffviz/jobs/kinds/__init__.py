"""The registry of kinds of jobs. A new one is a module beside this one and an entry of KINDS."""

from __future__ import annotations

import json
from typing import Any

from diffviz.jobs.kinds.contests import RACE, TRANSLATION
from diffviz.jobs.kinds.kind import Kind
from diffviz.jobs.kinds.training import TRAINING
from diffviz.jobs.kinds.uploaded import UPLOADED

KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in (TRAINING, UPLOADED, RACE, TRANSLATION)}


def kind_of(plan: object) -> Kind[Any]:
    """The kind of job that a plan asks for."""
    return next(kind for kind in KINDS.values() if isinstance(plan, kind.plan))


def write_plan(plan: object) -> str:
    """A plan as the store keeps it."""
    kind = kind_of(plan)
    return json.dumps({"kind": kind.name, **kind.fields(plan)})


def longer(plan: Any) -> Any:
    """The plan with which what has finished goes on; raises ValueError where it cannot."""
    return kind_of(plan).longer(plan)


def read_plan(text: str) -> Any:
    """The plan again; one that says no kind is from before there was a choice."""
    fields = json.loads(text)
    return KINDS[fields.pop("kind", TRAINING.name)].read(fields)
