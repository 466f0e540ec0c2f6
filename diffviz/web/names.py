"""The forms of what strangers name things by: ids, tokens, sessions, numbers. Each is checked here
before anything is looked up, opened or compared by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from diffviz.settings import check_bounds

MOST = 2**53  # of whole numbers: JavaScript knows no larger ones exactly


@dataclass(frozen=True)
class Form:
    """pattern: what fits, in full. sentence: what is said of what does not."""

    pattern: str
    sentence: str

    def fits(self, value: object) -> bool:
        return isinstance(value, str) and bool(re.fullmatch(self.pattern, value, re.ASCII))


NUMBER = Form(r"\d{1,15}", "a number here is whole, with at most 15 digits")
NAME = Form(r"[\w-]{1,64}", "a name here has 1 to 64 letters, digits, - and _")
# By the names that parts of paths and queries have (web/routes.py). ui/lib/link.js knows the
# form of a training's id too.
FORMS: Mapping[str, Form] = {
    "job": Form(
        r"[0-9a-f]{16}|recorded(?:-[a-z-]{1,40})?",
        "there is no such training; it may have been deleted",
    ),
    "owner": Form(r"[\w-]{16,64}", "an owner's token has 16 to 64 letters, digits, - and _"),
    "images": NUMBER,
    "since": NUMBER,
    "size": NUMBER,
    "event": NAME,
    "event_id": NAME,
    "name": NAME,
    "fn_name": NAME,
    "session": NAME,
    "session_hash": NAME,
    "upload_id": NAME,
}
ONE_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?", re.ASCII)


def check(name: str, value: object) -> str:
    """The value, if it has the form of that name; raises ValueError, in a sentence."""
    form = FORMS[name]
    if not (isinstance(value, str) and form.fits(value)):
        raise ValueError(form.sentence)
    return value


def whole_number(name: str, value: object, low: int = 0, high: int = MOST) -> int:
    """The value, if it is a whole number within bounds; raises ValueError, in a sentence. (NaN and
    the infinities are none.)"""
    check_bounds(name, value, low, high, whole=True)
    return int(value)  # type: ignore[call-overload,no-any-return]


def is_one_range(text: str) -> bool:
    """Whether a Range header asks for one run of bytes. A server may pass others over (RFC 9110,
    14.2), and has to where nobody can say what they mean."""
    if (found := ONE_RANGE.fullmatch(text.strip())) is None:
        return False
    return found[2] is None or int(found[1]) <= int(found[2])
