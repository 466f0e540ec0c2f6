"""Behind a proxy: under a path, with limits for each address that the proxy vouches for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from prometheus_client.parser import text_string_to_metric_families

from diffviz.web.routes import CLOSED, ROUTES
from tests.running import Server


def asked_by(address: str) -> dict[str, str]:
    """What a proxy tells of a client that says of itself that it is somebody else."""
    return {"X-Forwarded-For": f"9.9.9.9, {address}"}


@pytest.mark.parametrize("prefix", ["", "/dv"], ids=["stripped", "left"])
def test_addresses_are_under_the_path(proxied: Server, prefix: str) -> None:
    headers = {
        **asked_by("8.0.0.1"),
        "X-Forwarded-Host": "example.org",
        "X-Forwarded-Proto": "https",
    }
    config = httpx.get(f"{proxied.url}{prefix}/config", headers=headers).json()
    assert config["root"] == "https://example.org/dv"
    for address in ("healthz", "live/sample/view.js", "theme.css"):
        assert httpx.get(f"{proxied.url}{prefix}/{address}").status_code == 200


def test_programs_work_under_the_path(proxied: Server, tmp_path: Path) -> None:
    client = Client(f"{proxied.url}/dv/", download_files=str(tmp_path), verbose=False)
    picture, facts = client.predict(api_name="/noise")
    assert facts["t"] == 500
    assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_each_address_has_its_own_limit(proxied: Server) -> None:
    page = f"{proxied.url}/dv/config"
    statuses = [httpx.get(page, headers=asked_by("8.0.0.2")).status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    refused = httpx.get(page, headers=asked_by("8.0.0.2"))
    assert "try again in" in refused.json()["detail"]
    assert 1 <= int(refused.headers["retry-after"]) <= 15
    # Whoever it says that it is, it is the same address; others are not held up.
    again = httpx.get(page, headers={"X-Forwarded-For": "7.7.7.7, 8.0.0.2"})
    assert again.status_code == 429
    assert httpx.get(page, headers=asked_by("8.0.0.3")).status_code == 200
    # What costs nothing is not counted.
    for _ in range(10):
        assert httpx.get(f"{proxied.url}/healthz", headers=asked_by("8.0.0.2")).status_code == 200


def test_one_line_of_ipv6_is_one_address(proxied: Server) -> None:
    page = f"{proxied.url}/dv/config"
    hosts = [f"2001:db8:1:1::{host}" for host in range(1, 7)]
    statuses = [httpx.get(page, headers=asked_by(host)).status_code for host in hosts]
    assert statuses == [200] * 4 + [429] * 2
    assert httpx.get(page, headers=asked_by("2001:db8:1:2::1")).status_code == 200


def test_events_have_a_limit_too(proxied: Server) -> None:
    url, headers = f"{proxied.url}/gradio_api/reset", asked_by("8.0.0.4")
    ask = partial(httpx.post, url, json={"event_id": "x"}, headers=headers)
    assert {ask().status_code for _ in range(30)} == {200}
    # While a slow machine asks, some of it comes back.
    assert any(ask().status_code == 429 for _ in range(300))


def test_uploads_end_where_the_folder_is_full(proxied: Server) -> None:
    url, files = f"{proxied.url}/gradio_api/upload", {"files": ("a.png", b"x" * 1_000_000)}
    hosts = [f"8.0.2.{host}" for host in (0, *range(10))]
    answers = [httpx.post(url, files=files, headers=asked_by(host)) for host in hosts]
    # The same content is the same file; but what is let in counts until the next look.
    statuses = [answer.status_code for answer in answers]
    assert (statuses[:3], statuses[-1]) == ([200, 507, 200], 507)
    assert "from your address fill its share" in answers[1].text
    assert "no room for files just now" in answers[-1].text
    for _ in range(5):
        last = httpx.post(url, files=files, headers=asked_by("8.0.0.5"))
    assert last.status_code == 429


def test_one_address_begins_few_trainings(proxied: Server) -> None:
    def begin() -> tuple[bool, object]:
        headers = asked_by("8.0.0.6")
        client = Client(f"{proxied.url}/dv/", verbose=False, headers=headers)
        try:
            return True, client.predict(data="digits", minutes=0.1, api_name="/train_start")
        except Exception as error:
            return False, str(error)

    began, first = begin()
    assert began, first
    began, told = begin()  # with another token, made up anew
    assert not began
    assert "from your address" in str(told)


def test_metrics_are_for_who_has_the_token(proxied: Server) -> None:
    url = f"{proxied.url}/metrics"
    assert httpx.get(url).status_code == 404
    assert httpx.get(url, headers={"Authorization": "Bearer no"}).status_code == 404
    answer = httpx.get(url, headers={"Authorization": "Bearer let-me-see"} | asked_by("8.0.0.7"))
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {
        "process_resident_memory_bytes",
        "process_cpu_seconds",
        "diffviz_requests",
        "diffviz_request_seconds",
        "diffviz_refused",
        "diffviz_pages_open",
        "diffviz_sessions",
        "diffviz_events_waiting",
        "diffviz_runs",
        "diffviz_runs_waiting",
        "diffviz_trainings",
    } <= set(families)
    known = {route.name for route in ROUTES} | {CLOSED.name}
    assert {sample.labels["route"] for sample in families["diffviz_requests"].samples} <= known
    assert len(answer.text.splitlines()) < 1000


def test_who_may_embed_is_for_the_host_to_say(proxied: Server) -> None:
    answer = httpx.get(f"{proxied.url}/dv/", headers=asked_by("8.0.0.8"))
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://example.org")


def test_the_proxys_request_id_is_kept(proxied: Server) -> None:
    answer = httpx.get(f"{proxied.url}/healthz", headers={"X-Request-ID": "from-the-proxy"})
    assert answer.headers["x-request-id"] == "from-the-proxy"
    answer = httpx.get(f"{proxied.url}/healthz", headers={"X-Request-ID": "a b\tc"})
    assert answer.headers["x-request-id"] != "a b\tc"
