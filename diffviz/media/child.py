"""The process that opens strangers' pictures: `python -m diffviz.media.child`.

On its standard input come requests, a line of JSON and a file's bytes each; for each it writes a
line of JSON and grey levels. It has bounds of its own on memory and CPU time, cannot write files,
and ends when its input does, or with the picture that it is at then.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from diffviz.media.raster import PictureError, shrunk, squares

CPU_SECONDS = 4  # of one picture; 100 megapixels of JPEG take one
MEMORY = 192 * 2**20  # beside what it has at its start; decoding takes at most 100 MB


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the app
    bound_memory()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := requests.readline():
        asked = json.loads(line)
        content = requests.read(asked["bytes"])
        bound_time()
        try:
            if "cells" in asked:
                levels = squares(content, **asked["cells"], size=asked["size"])
            else:
                levels = shrunk(content, asked["size"])
            answer: dict[str, Any] = {"shape": levels.shape}
            body = levels.tobytes()
        except PictureError as error:
            answer, body = {"error": str(error)}, b""
        answers.write(json.dumps(answer).encode() + b"\n" + body)
        answers.flush()


def bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    size = Path("/proc/self/statm")
    if size.exists():  # elsewhere than on Linux it is not known how much there is already
        held = int(size.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))


def bound_time() -> None:
    """From now on; the system ends this process after it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
