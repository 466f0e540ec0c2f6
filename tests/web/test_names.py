"""What strangers put where an id, a token, a name or a number belongs, on every route there is."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffviz.web.names import FORMS, check, is_one_range, whole_number
from diffviz.web.routes import ROUTES, Route
from tests.running import ROOT, Server
from tests.web.test_abuse import small_png
from tests.web.visitor import Visitor

ODD = (
    "9223372036854775808",  # 2^63
    "-1",
    "1e308",
    "1e400",
    "nan",
    "inf",
    "0x10",
    "1_0",
    "１",
    "9" * 5000,
    "",
    " ",
    "null",
    "\0",
    "a\r\nX-Injected: yes",
    "..",
    "../../etc/passwd",
    "../gradio_api/file=/etc/passwd?x=",
    "%2e%2e",
    "é" * 100,
    "a" * 250,
    "[]",
    "{{7*7}}",
    "recorded",
)
RANGES = (
    "bytes=5-1",
    "bytes=-",
    "bytes=--5",
    "bytes=0-1,3-4",
    "bytes=0-4,bytes=7-9",
    f"bytes=0-{'9' * 5000}",
    f"bytes={'9' * 5000}-",
    "bytes=9999999999-",
    "bytes=a-b",
    "bytes=1_0-2_0",
    "bytes=-5",
    "lines=0-4",
    "bytes",
    "=",
    ",",
    "bytes=0-0" + ",1-1" * 2000,
)
PARAMETERS = ("since", "session_hash", "upload_id", "v", "train", "all_endpoints", "__theme")


def answer(http: httpx.Client, route: Route, path: str, query: str = "") -> int:
    """The status of what is asked for in this way; of a stream no more than that is read."""
    try:
        with http.stream(route.method, f"{path}{query}", timeout=1 if route.stream else 20) as got:
            return got.status_code
    except httpx.ReadTimeout:  # a stream that says nothing, not even a status
        return 200


def fill(route: Route, value: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda _: quote(value, safe=""), route.name)


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


@pytest.fixture(scope="module")
def job(visitor: Visitor) -> str:
    """A training that there is."""
    start, owner = visitor.named("train_start"), secrets.token_hex(8)
    assert visitor.join(start, visitor.owned(start, owner)).status_code == 200
    success, output = visitor.outcome()
    assert success, output
    started: str = output["data"][0]["id"]
    visitor.join(visitor.named("train_stop"), [started, owner])
    visitor.outcome()
    return started


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.name}")
def test_no_route_fails_by_what_stands_in_its_address(
    http: httpx.Client, visitor: Visitor, route: Route
) -> None:
    before = visitor.metric("diffviz_errors_total")
    for value in ODD if "{" in route.name else ():
        assert answer(http, route, fill(route, value)) < 500, value
    path = fill(route, "0" * 16)
    for name in PARAMETERS:
        for value in ODD if not route.stream else ODD[:3]:
            asked = f"?{name}={quote(value, safe='')}"
            if len(asked) < 2000:
                assert answer(http, route, path, asked) < 500, asked
    if not route.stream:
        assert visitor.metric("diffviz_errors_total") == before


def test_a_number_is_one_for_a_training_that_there_is(http: httpx.Client, job: str) -> None:
    assert http.get(f"/train/{job}?since=0").status_code == 200
    for value in ODD:
        given = http.get(f"/train/{job}", params={"since": value})
        assert given.status_code in (400, 414), value
        assert given.json()["detail"].endswith(".")
        place = quote(value, safe="").replace(".", "%2e")  # or the client would resolve dots
        sheet = http.get(f"/train/{job}/sheets/{place}")
        assert sheet.status_code in (404, 414), value
    assert http.get(
        f"/train/{job}/denoiser.zip", headers={b"X-Owner": b"\xff" * 99}
    ).is_client_error


def test_a_program_s_number_is_one_too(visitor: Visitor, job: str) -> None:
    event = visitor.named("train_status")
    for value in (2.0**63, 1e308, -1, 0.5):
        assert visitor.join(event, [job, value]).status_code == 200
        success, output = visitor.outcome()
        assert not success
        assert "must be a whole number" in output["error"]


@pytest.fixture(scope="module")
def upload(visitor: Visitor) -> str:
    """The path of a small picture."""
    path: str = visitor.upload(small_png()).json()[0]
    return path


@pytest.mark.parametrize("value", RANGES, ids=lambda value: value[:20])
def test_odd_ranges_are_passed_over(visitor: Visitor, upload: str, value: str) -> None:
    for address in (f"/gradio_api/file={upload}", "/static/img/logo.svg", "/live/train/view.js"):
        given = visitor.http.get(address, headers={"Range": value})
        assert given.status_code in (200, 416)
        if given.status_code == 200 and address.startswith("/gradio_api"):
            assert given.content == small_png()
    part = visitor.http.get(f"/gradio_api/file={upload}", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.sampled_from([r for r in ROUTES if "{" in r.name]))
def test_whatever_a_text_is(http: httpx.Client, text: str, route: Route) -> None:
    assert answer(http, route, fill(route, text.encode("utf-8", "replace").decode())) < 500


def test_the_forms() -> None:
    for name, form in FORMS.items():
        with pytest.raises(ValueError, match=re.escape(form.sentence)):
            check(name, "../x")
        for odd in (None, 7, "", "\n", "a" * 65, "0" * 15 + "\n"):
            assert not form.fits(odd), (name, odd)
    assert check("job", "0123456789abcdef") == "0123456789abcdef"
    for value in (True, None, "7", float("nan"), float("inf"), 2**53 + 2, -1, 0.5):
        with pytest.raises(ValueError, match="whole number"):
            whole_number("since", value)
    assert whole_number("since", 7.0) == 7
    assert is_one_range("bytes=0-4")
    assert is_one_range("bytes=7-")


def test_the_page_s_scripts_know_the_same_form() -> None:
    script = (ROOT / "diffviz/ui/lib/link.js").read_text()
    assert FORMS["job"].pattern in script
