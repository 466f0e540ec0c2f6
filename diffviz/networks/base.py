"""What a network's config is to the rest: the form in which a card holds a network."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError
from torch import nn

from diffviz.data.base import DataInfo
from diffviz.networks.sizes import Sizes, counted

# Of a config's dataclass: cards come from anywhere, and nothing in one is taken for another thing.
STRICT = ConfigDict(strict=True, extra="forbid")


class Config(ABC):
    """A frozen pydantic dataclass: its fields, with their bounds, say all that is to be built."""

    kind: str

    @abstractmethod
    def build(self) -> nn.Module:
        """A new network. Raises ValueError for fields that do not go together."""

    def changed(self, fields: Mapping[str, Any]) -> Self:
        """The same but for these fields; raises ValueError, in a sentence, as `parse` does."""
        return self.parse({**asdict(self), **fields})  # type: ignore[call-overload]

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """From JSON's values; raises ValueError, in a sentence, for what is out of bounds."""
        try:
            return TypeAdapter(cls).validate_json(json.dumps(dict(fields)))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ValueError(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}") from error


class NetworkConfig(Config):
    """Of a denoiser's network.

    kind: its name in NETWORKS; title: what people call one. slots: the size of each conditioning
    slot's vocabulary, without the null value 0.

    A network is called as network(x, noise_level, condition): x (B, …) of about unit
    variance, noise_level (B,), condition (B, slots) int64; its output is shaped like x.
    """

    title: ClassVar[str] = "a network"
    slots: tuple[int, ...]
    # What depends on the vocabulary and size of samples: fields, and beginnings of the names of
    # weights, which start anew where a training starts from another network's.
    data_fields: ClassVar[tuple[str, ...]] = ("slots",)
    data_weights: ClassVar[tuple[str, ...]] = ()

    @property
    def any_size(self) -> bool:
        """Whether samples of other sizes than its own make sense to it."""
        return False

    @classmethod
    @abstractmethod
    def suited_to(cls, info: DataInfo) -> Self:
        """The usual network for a data set; raises ValueError where there can be none."""

    def adapted_to(self, info: DataInfo) -> Self:
        """The same network for samples and conditions of a data set; raises ValueError where it
        cannot go on with them, in the words that follow its name."""
        usual = self.suited_to(info)
        return self.changed({name: getattr(usual, name) for name in self.data_fields})

    def sizes(self, shape: tuple[int, ...]) -> Sizes:
        """In training on samples of a shape, which strangers may ask of any config: where building
        one would cost much, a network says it otherwise."""
        return counted(self.build(), shape, len(self.slots))

    def check_trainable(self) -> None:
        """Raises ValueError, in a sentence, where visitors may not train one so large."""
        return None


def slots_of(info: DataInfo) -> tuple[int, ...]:
    """The size of each slot's vocabulary, as often as it takes values."""
    return tuple(len(slot.values) for slot in info.slots for _ in range(slot.length))
