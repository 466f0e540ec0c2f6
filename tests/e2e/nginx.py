"""nginx as deploy/nginx configures it, with other addresses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.running import ROOT, free_port
from tests.waiting import eventually

BINARY = shutil.which("nginx") or "/usr/sbin/nginx"  # not on everybody's path
# What Debian's own nginx.conf has around it, with all that is written in the folder.
AROUND = """\
{user}
worker_processes 1;
daemon off;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 512; }}
http {{
    log_format who "$cookie_diffviz $upstream_addr $status $request";
    access_log access.log who;
    client_body_temp_path bodies;
    proxy_temp_path proxied;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


@contextmanager
def nginx(config: str, folder: Path, addresses: Mapping[str, str]) -> Iterator[str]:
    """nginx with a file of deploy/nginx, on a free port; addresses: what stands for those in it.
    Yields its URL."""
    if not Path(BINARY).exists():
        pytest.skip("nginx is not installed; tests/run does that")
    port, folder = free_port(), folder / "nginx"
    folder.mkdir()
    text = (ROOT / "deploy" / "nginx" / config).read_text()
    for old, new in {"listen 80;": f"listen 127.0.0.1:{port};", **addresses}.items():
        assert old in text, f"{config} does not say {old}"
        text = text.replace(old, new)
    user = "user root;" if os.getuid() == 0 else ""  # or its workers could not write there
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(AROUND.format(user=user))
    log = folder / "error.log"
    process = subprocess.Popen(
        [BINARY, "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready = folder / "nginx.pid"
        eventually(lambda: ready.exists() or process.poll() is not None, "nginx started")
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
