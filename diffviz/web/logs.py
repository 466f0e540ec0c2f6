"""The server's log: a line for each request, without pictures, prompts, tokens or addresses."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
LOG = logging.getLogger("diffviz")


class Line(logging.Formatter):
    """One line a record: JSON, or the same as text. What a call of the logger gives as
    extra={"facts": {…}} are fields of their own."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        facts: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "request": getattr(record, "request", "") or REQUEST_ID.get(),
            **getattr(record, "facts", {}),
        }
        facts = {name: value for name, value in facts.items() if value != ""}
        if record.exc_info and record.exc_info[1]:
            facts["traceback"] = "".join(_calls(record.exc_info[1]))
        if self.as_json:
            return json.dumps(facts, ensure_ascii=False)
        calls = facts.pop("traceback", "")
        head = " ".join(str(facts.pop(name)) for name in ("time", "level", "message"))
        return " ".join([head, *(f"{k}={v}" for k, v in facts.items())]) + (calls and f"\n{calls}")


def _calls(error: BaseException) -> list[str]:
    """The traceback and the error's kind; not its text, which may quote what a visitor wrote."""
    lines = traceback.format_tb(error.__traceback__)
    if error.__cause__:
        lines = [*_calls(error.__cause__), "which led to\n", *lines]
    return [*lines, f"{type(error).__module__}.{type(error).__qualname__}\n"]


def set_up_logs(level: str, as_json: bool) -> None:
    """All of this process's logs, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line(as_json))
    logging.basicConfig(level="WARNING", handlers=[handler], force=True)
    LOG.setLevel(level.upper())
