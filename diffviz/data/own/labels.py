"""Labels of one's own pictures: of the folders that they lie in, or of a table beside them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any

TABLES = ("metadata.csv", "metadata.jsonl")
TABLE_BYTES = 4 * 2**20
MOST_CLASSES = 100
MOST_LETTERS = 60  # of a label
# Folders above those of the labels, in data sets that are split.
SPLITS = {"train", "training", "test", "val", "valid", "validation"}


def is_table(place: str) -> bool:
    """Whether what lies there says the labels of pictures."""
    return PurePosixPath(place).name.lower() in TABLES


def read_table(place: str, content: bytes) -> dict[str, str]:
    """Place of a picture → its label, of a table with `file_name` and `label`.

    A file is named from the table's own folder on, as in Hugging Face's imagefolder:
    https://huggingface.co/docs/datasets/image_dataset#imagefolder. Raises ValueError, in a
    sentence, for what is no such table.
    """
    path = PurePosixPath(place)
    try:
        text = content.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text)) if path.suffix.lower() == ".csv" else _lines(text)
        told = {
            str(path.parent / normal(str(row["file_name"]))): tidied(row["label"]) for row in rows
        }
    except (csv.Error, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path.name} is no table with file_name and label for each picture"
        ) from error
    return {name: label for name, label in told.items() if label}


def label_rows(
    places: Sequence[str], tables: Mapping[str, str]
) -> tuple[list[int], tuple[str, ...]]:
    """For each picture the row of its label in the classes, plus 1, or 0 for none; and the classes.

    tables: what tables say; without any, a picture's label is the first folder that not all have in
    common, as in torchvision's ImageFolder. Fewer than two labels tell nothing apart, and are none.
    Raises ValueError, in a sentence, for tables with more than MOST_CLASSES.
    """
    named = [tables.get(place, "") for place in places] if tables else folders(places)
    classes = tuple(sorted({name for name in named if name}))
    if tables and len(classes) > MOST_CLASSES:
        raise ValueError(f"the table has {len(classes):,} labels; at most {MOST_CLASSES}")
    if not 2 <= len(classes) <= MOST_CLASSES:
        return [0] * len(places), ()
    rows = {name: row for row, name in enumerate(classes, start=1)}
    return [rows.get(name, 0) for name in named], classes


def folders(places: Sequence[str]) -> list[str]:
    """The folder that each place is labelled by; "" for what lies in none."""
    parents = [PurePosixPath(place).parent.parts for place in places]
    inside = [parts for parts in parents if parts]
    levels = takewhile(lambda level: len(set(level)) == 1, zip(*inside, strict=False))
    common = len(list(levels))
    if {parts[common].lower() for parts in inside if len(parts) > common} <= SPLITS:
        common += 1
    return [tidied(parts[common]) if len(parts) > common else "" for parts in parents]


def normal(name: str) -> str:
    """A place as zips and tables of any system write it."""
    return str(PurePosixPath(name.replace("\\", "/")))


def tidied(label: Any) -> str:
    """A label in one line that can be printed."""
    text = "" if label is None else " ".join(str(label).split())
    return "".join(letter for letter in text if letter.isprintable())[:MOST_LETTERS]


def _lines(text: str) -> Iterator[Any]:
    return (json.loads(line) for line in text.splitlines() if line.strip())
