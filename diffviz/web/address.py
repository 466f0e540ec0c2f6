"""Where the page is served: from the environment, as a Space sets it."""

from __future__ import annotations

import os
import sys


def address() -> tuple[str, int]:
    """(host, port) of GRADIO_SERVER_NAME and GRADIO_SERVER_PORT; exits with a sentence for a port
    that is none."""
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    port = os.environ.get("GRADIO_SERVER_PORT", "7860")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"GRADIO_SERVER_PORT must be a port number from 1 to 65535, not {port!r}")
    return host, int(port)
