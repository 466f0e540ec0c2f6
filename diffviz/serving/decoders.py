"""Strangers' pictures are opened in processes of their own: few, bounded, shared fairly.

What they answer is a shape and so many bytes, never an object: a file that got the better of a
decoder has gained a process that may do next to nothing. (Pools of processes, as `pebble` has one,
unpickle what comes back, and their workers share one pipe and its lock.)
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from diffviz.media.child import CPU_SECONDS
from diffviz.media.levels import from_levels
from diffviz.media.raster import SIZE, PictureError, check_length
from diffviz.web.clients import CLIENT, neighbourhood

CHILDREN = 2
WAIT_SECONDS = 10.0
EACH = 12  # pictures of one visitor that may wait; a class behind one address is one visitor
WALL_SECONDS = 3.0 * CPU_SECONDS  # on a busy machine
WORDS = (sys.executable, "-m", "diffviz.media.child")
KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")  # of the environment
# For endpoints that open a picture: what one waits for must not be others' turn in Gradio's queue.
PICTURES: dict[str, Any] = {"concurrency_id": "pictures", "concurrency_limit": 32}
BUSY = "many pictures are being opened just now; please try again in a moment"
TOO_MUCH = "this picture takes too long to open, or too much memory"


class Decoders:
    """Up to `count` processes, each started when it is first needed, or by `start`.

    A visitor, that is, an address, has one of them at a time, so that whatever one sends, another
    is free for others; who waits is served in the order of coming. Methods raise PictureError.
    """

    def __init__(self, count: int = CHILDREN) -> None:
        self.count = count
        self._changed = threading.Condition()
        self._idle: list[_Child] = []
        self._served: set[str] = set()  # visitors
        self._line: list[str] = []
        self._ready = False

    def start(self) -> None:
        """From now on have all of them ready: nobody waits for one to load what it needs."""
        with self._changed:
            self._ready = True
            self._idle += [_Child() for _ in range(self.count - len(self._idle))]

    def picture(self, path: str | Path, size: int = SIZE) -> Tensor:
        """As `load_picture`; the visitor is whose request is being answered."""
        if os.path.isdir(path):
            raise PictureError("a folder is no picture")
        check_length(os.path.getsize(path))
        levels = self._ask({"size": size}, Path(path).read_bytes())
        if max(levels.shape[:2]) > size:
            raise PictureError(TOO_MUCH)
        return from_levels(levels)

    def squares(
        self, content: bytes, size: int, channels: int, across: int = 1, down: int = 1
    ) -> NDArray[np.uint8]:
        """As `load_squares`."""
        check_length(len(content))
        cells = {"channels": channels, "across": across, "down": down}
        levels = self._ask({"size": size, "cells": cells}, content)
        return levels.reshape(across * down, size, size, channels).transpose(0, 3, 1, 2)

    def close(self) -> None:
        """End them; another picture would start them anew."""
        with self._changed:
            self._ready = False
            for child in self._idle:
                child.end()
            self._idle.clear()

    def _ask(self, request: dict[str, Any], content: bytes) -> NDArray[np.uint8]:
        with self._turn(neighbourhood(CLIENT.get())) as child:
            return child.ask(request, content)

    @contextmanager
    def _turn(self, visitor: str) -> Iterator[_Child]:
        """A child for one picture."""
        with self._changed:
            if self._line.count(visitor) >= EACH:
                raise PictureError(BUSY)
            self._line.append(visitor)
            try:
                if not self._changed.wait_for(lambda: self._is_next(visitor), WAIT_SECONDS):
                    raise PictureError(BUSY)
            finally:
                self._line.remove(visitor)
                self._changed.notify_all()  # another may be the first now
            self._served.add(visitor)
            child = self._idle.pop() if self._idle else None
        try:
            child = child or _Child()
            yield child
        finally:
            with self._changed:
                self._served.remove(visitor)
                self._changed.notify_all()
                if child and child.lives:
                    self._idle.append(child)
                elif self._ready:
                    with suppress(OSError):  # whoever needs it will try again
                        self._idle.append(_Child())

    def _is_next(self, visitor: str) -> bool:
        """Whether it is the first in line of those that are not being served, and there is room."""
        first = next((one for one in self._line if one not in self._served), None)
        return first == visitor and len(self._served) < self.count


class _Child:
    """One such process, which is ended by whatever goes wrong with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            WORDS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parent.parent.parent,
            env={name: os.environ[name] for name in KEPT if name in os.environ}
            | {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
        )
        self.lives = True

    def ask(self, request: dict[str, Any], content: bytes) -> NDArray[np.uint8]:
        late = threading.Timer(WALL_SECONDS, self._process.kill)
        late.daemon = True
        late.start()
        try:
            return self._answer(request, content)
        except PictureError:
            raise
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            RecursionError,
        ) as error:  # it died, or tells nonsense
            self.end()
            raise PictureError(TOO_MUCH) from error
        except BaseException:  # half a question is of no use to it
            self.end()
            raise
        finally:
            late.cancel()

    def _answer(self, request: dict[str, Any], content: bytes) -> NDArray[np.uint8]:
        to_it, from_it = self._process.stdin, self._process.stdout
        assert to_it is not None
        assert from_it is not None
        to_it.write(json.dumps({**request, "bytes": len(content)}).encode() + b"\n" + content)
        to_it.flush()
        answer = json.loads(from_it.readline(500))
        if "error" in answer:
            raise PictureError(str(answer["error"]))
        shape = tuple(int(side) for side in answer["shape"])
        if not _was_asked_for(shape, request):
            raise ValueError("no picture that was asked for")
        levels = np.frombuffer(from_it.read(math.prod(shape)), np.uint8)
        return levels.reshape(shape)

    def end(self) -> None:
        self.lives = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not yet written stays unwritten
                if pipe:
                    pipe.close()


def _was_asked_for(shape: tuple[int, ...], request: Mapping[str, Any]) -> bool:
    """Whether an answer's shape is one of what was asked for."""
    size = request["size"]
    if "cells" not in request:
        two = len(shape) in (2, 3) and all(0 < side <= size for side in shape[:2])
        return two and shape[2:] in ((), (3,))
    cells = request["cells"]
    count = cells["across"] * cells["down"]
    return shape == (count, size, size, 3)[: 3 + (cells["channels"] == 3)]
