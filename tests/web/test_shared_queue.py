"""The queue belongs to all: nobody's events stop it, fill it, or go on when nobody listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.running import Server, running_server
from tests.waiting import eventually
from tests.web.visitor import SESSIONS, Visitor

Visitors = Callable[[str], Visitor]
ODD_NAMES = ("", " ", "a b", "a/b", "../x", "a" * 65, "a<gradio-sep>b", "é", "a\0b", 5, None, ["a"])
LISTEN_SECONDS = 3
QUEUE, PLACES, LINE = 16, 4, 8
STREAMS = 20


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a proxy, so that requests may come from several addresses, with little of
    what is shared."""
    with running_server(
        tmp_path_factory.mktemp("shared"),
        DIFFVIZ_TRUSTED_PROXIES="1",
        DIFFVIZ_RATE_EVENTS="100000",
        DIFFVIZ_RATE_POLLS="100000",
        DIFFVIZ_QUEUE_SIZE=str(QUEUE),
        DIFFVIZ_PLACES=str(PLACES),
        DIFFVIZ_LINE=str(LINE),
        DIFFVIZ_LISTEN_SECONDS=str(LISTEN_SECONDS),
        DIFFVIZ_SESSIONS=str(SESSIONS),
        DIFFVIZ_CONNECTIONS_EACH=str(STREAMS),
        DIFFVIZ_METRICS_TOKEN="let-me-see",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def page(shared: Server) -> Any:
    return httpx.get(f"{shared.url}/config", timeout=30).json()


@pytest.fixture
def from_address(shared: Server, page: Any) -> Iterator[Visitors]:
    """A visitor for each address, of whom the proxy says that they ask from it."""
    with ExitStack() as close:

        def visitor(address: str) -> Visitor:
            someone = Visitor(shared.url, address, page)
            close.callback(someone.http.close)
            return someone

        yield visitor


@pytest.fixture
def victim(from_address: Visitors) -> Visitor:
    return from_address("8.1.0.1")


@pytest.fixture
def stranger(from_address: Visitors) -> Visitor:
    return from_address("8.2.0.1")


def gets_noise(visitor: Visitor, session: str = "victim-session") -> bool:
    event = visitor.named("noise")
    joined = visitor.join(event, visitor.initial(event), session_hash=session)
    return joined.status_code == 200 and visitor.outcome(session)[0]


@pytest.mark.parametrize("name", ODD_NAMES, ids=repr)
def test_sessions_have_a_form(stranger: Visitor, victim: Visitor, name: Any) -> None:
    event = stranger.named("noise")
    values = stranger.initial(event)
    assert stranger.join(event, values, session_hash=name).status_code == 400
    body: dict[str, Any] = {"component_id": 1, "fn_name": "load", "data": {}, "session_hash": name}
    assert stranger.http.post("/gradio_api/component_server", json=body).status_code == 400
    if name is not None:
        for address in ("call/noise", "cancel"):
            more = {"data": values, "session_hash": name, "fn_index": 1, "event_id": "a" * 32}
            assert stranger.http.post(f"/gradio_api/{address}", json=more).status_code == 400
    if isinstance(name, str):
        query = {"session_hash": name}
        assert stranger.http.get("/gradio_api/queue/data", params=query).status_code == 400
    assert gets_noise(victim)


def test_three_sessions_do_not_stop_the_queue(
    shared: Server, victim: Visitor, from_address: Visitors
) -> None:
    stranger = from_address("8.2.0.2")
    event = stranger.named("noise")
    for session in ("a", "b", ""):
        stranger.join(event, stranger.initial(event), session_hash=session)
    assert gets_noise(victim)
    assert httpx.get(f"{shared.url}/healthz").status_code == 200


def test_very_many_sessions_push_out_nobody_who_waits(
    victim: Visitor, from_address: Visitors
) -> None:
    """2,050 others come and go while a run streams; their own addresses' oldest ones make room."""
    event = victim.named("_sample")
    asked = victim.run(steps=250, count=4)
    assert victim.join(event, asked, session_hash="streaming").status_code == 200
    query = {"session_hash": "streaming"}
    with victim.http.stream("GET", "/gradio_api/queue/data", params=query) as answer:
        lines = answer.iter_lines()
        next(line for line in lines if "process_generating" in line)
        strangers = [from_address(f"8.3.0.{n}") for n in range(2)]
        status = strangers[0].named("train_status")
        for number in range(2050):
            someone = strangers[number % 2]
            session = f"flood{number}"
            someone.join(status, ["a" * 16, 0], session_hash=session)
        assert gets_noise(from_address("8.1.0.2"), "another")
        last = next(line for line in lines if "process_completed" in line or "unexpected" in line)
    assert json.loads(last.removeprefix("data:"))["msg"] == "process_completed"


def test_one_address_cannot_fill_the_queue(from_address: Visitors) -> None:
    stranger, victim = from_address("8.4.0.1"), from_address("8.1.0.3")
    event = stranger.named("noise")
    values = stranger.initial(event)
    sessions = [f"fill{n}" for n in range(4 * QUEUE)]
    answers = [stranger.join(event, values, session_hash=s).status_code for s in sessions]
    assert set(answers) <= {200, 503}
    started = time.monotonic()
    assert gets_noise(victim, "beside")
    assert time.monotonic() - started < 5


def test_what_waits_to_be_read_is_not_in_all_places(from_address: Visitors) -> None:
    """Many events of a session each, so that there is more unread than is kept: they are at work
    until somebody reads, or for as long as is waited for that."""
    stranger, victim = from_address("8.4.0.2"), from_address("8.1.0.5")
    event = stranger.named("noise")
    values = stranger.initial(event)
    assert gets_noise(victim, "before")
    for number in range(60):
        stranger.join(event, values, session_hash=f"pile{number % 5}")
    started = time.monotonic()
    assert gets_noise(victim, "beside")
    assert time.monotonic() - started < LISTEN_SECONDS / 2


def test_what_nobody_listens_to_ends_within_seconds(from_address: Visitors) -> None:
    """Runs of endpoints whose stream nobody opens, or from which somebody went away."""
    stranger, victim = from_address("8.5.0.1"), from_address("8.1.0.4")
    event = stranger.named("sample")
    values = stranger.initial(event)
    names = [stranger.components[i]["props"].get("label") for i in event["inputs"]]
    values[names.index("Steps")], values[names.index("How many")] = 250, 16
    for number in range(3 * (PLACES + LINE)):
        body = {"data": values, "session_hash": f"unread{number}"}
        answer = stranger.http.post("/gradio_api/call/sample", json=body)
    assert answer.status_code in (200, 503)
    eventually(lambda: stranger.metric("diffviz_runs") > 0, "runs under way")
    started = time.monotonic()
    # Others find a place meanwhile.
    small = [1 if name == "How many" else v for name, v in zip(names, values, strict=True)]
    small[names.index("Steps")] = 2
    victim.join(event, small, session_hash="beside2")
    assert victim.outcome("beside2")[0]
    eventually(lambda: stranger.metric("diffviz_runs") == 0, "no run any more")
    assert time.monotonic() - started < 6 * LISTEN_SECONDS


def test_who_goes_away_ends_the_run(from_address: Visitors) -> None:
    stranger = from_address("8.6.0.1")
    event = stranger.named("sample")
    values = stranger.initial(event)
    names = [stranger.components[i]["props"].get("label") for i in event["inputs"]]
    values[names.index("Steps")], values[names.index("How many")] = 250, 16
    number = stranger.http.post("/gradio_api/call/sample", json={"data": values}).json()["event_id"]
    with stranger.http.stream("GET", f"/gradio_api/call/sample/{number}"):
        eventually(lambda: stranger.metric("diffviz_runs") == 1, "a run under way")
    started = time.monotonic()
    eventually(lambda: stranger.metric("diffviz_runs") == 0, "no run any more")
    assert time.monotonic() - started < 10


def test_cancelling_at_every_moment_costs_no_place(
    shared: Server, victim: Visitor, from_address: Visitors
) -> None:
    """Twice, too; the one thread of /noise is free afterwards."""
    stranger = from_address("8.7.0.1")
    event = stranger.named("noise")
    values = stranger.initial(event)
    for number in range(60):
        session = f"cancel{number}"
        joined = stranger.join(event, values, session_hash=session)
        cancel = {
            "session_hash": session,
            "fn_index": event["id"],
            "event_id": joined.json().get("event_id", "a" * 32),
        }
        time.sleep(0.0007 * (number % 20))
        for _ in range(2):
            assert stranger.http.post("/gradio_api/cancel", json=cancel).status_code == 200
    assert gets_noise(victim)
    assert httpx.get(f"{shared.url}/healthz").status_code == 200


def test_a_session_that_nobody_knows_gets_a_sentence(
    shared: Server, from_address: Visitors
) -> None:
    stranger = from_address("8.8.0.1")
    before = shared.log.read_text().count("raceback")
    unknown = "0" * 32
    for address in (
        "/gradio_api/queue/data?session_hash=unknown",
        f"/gradio_api/call/noise/{unknown}",
    ):
        for _ in range(3):
            answer = stranger.http.get(address)
            assert "known here" in answer.text
    assert shared.log.read_text().count("raceback") == before


def test_uploads_that_nobody_knows_leave_nothing(shared: Server, from_address: Visitors) -> None:
    stranger = from_address("8.9.0.1")
    with httpx.Client(base_url=shared.url, headers=stranger.http.headers, timeout=30) as http:
        assert http.get("/gradio_api/upload_progress?upload_id=nobodys").status_code == 404


def test_streams_are_shared_by_address(shared: Server) -> None:
    """Behind a proxy, whose connections they all are; and one line of IPv6 is one address."""
    with ExitStack() as streams:

        def opened(address: str, session: str) -> int:
            http = streams.enter_context(httpx.Client(base_url=shared.url))
            path, headers = f"/gradio_api/heartbeat/{session}", {"X-Forwarded-For": address}
            return streams.enter_context(http.stream("GET", path, headers=headers)).status_code

        first = [opened("2001:db8:5:5::1", f"a{n}") for n in range(STREAMS)]
        more = [opened(f"2001:db8:5:5::{n + 2}", f"b{n}") for n in range(STREAMS)]
        assert (set(first), set(more)) == ({200}, {429})
        assert opened("2001:db8:5:6::1", "another") == 200
        page = httpx.get(f"{shared.url}/config", headers={"X-Forwarded-For": "2001:db8:5:5::9"})
        assert page.status_code == 429

    def let_in() -> bool:
        http = httpx.get(f"{shared.url}/config", headers={"X-Forwarded-For": "2001:db8:5:5::9"})
        return http.status_code == 200

    eventually(let_in, "room for that address")


def test_newcomers_of_one_address_push_out_nobodys_visit(
    victim: Visitor, from_address: Visitors
) -> None:
    """What was run in it can still be taken home."""
    event = victim.named("_sample")
    victim.join(event, victim.run(steps=2, count=1, seed=424_242), session_hash="keeps")
    assert victim.outcome("keeps")[0]
    stranger = from_address("8.10.0.1")
    for number in range(2 * SESSIONS):
        stranger.call_view("hear", {"text": "a robe"}, session=f"newcomer{number}")
    export = next(e for e in victim.events() if any(t[1] == "export" for t in e["targets"]))
    wish = {"format": "code", "view": "x"}
    victim.join(export, [None], session_hash="keeps", event_data=wish)
    success, output = victim.outcome("keeps")
    assert success
    assert "424242" in json.dumps(output)
    assert stranger.metric("diffviz_sessions") <= SESSIONS
