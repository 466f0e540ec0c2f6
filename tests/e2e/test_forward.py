"""The Forward tab in a real browser: what is drawn, and that nothing is asked for it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import Page, Request, expect

from diffviz.data.examples import example, example_path
from diffviz.forward import add_noise, noise
from diffviz.media.levels import grey_levels
from diffviz.schedules import SCHEDULES, drawn_schedule, make_schedule
from tests.e2e.conftest import Server
from tests.e2e.controls import beyond
from tests.test_twins import HANDLES
from tests.waiting import eventually

CANVAS = "#forward-canvas"

# Reads a canvas: height, width, and its bytes (red, green, blue, alpha) in base64.
PIXELS = """selector => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const text = Array.from(data, (byte) => String.fromCharCode(byte)).join('');
  return [canvas.height, canvas.width, btoa(text)];
}"""

SCRIPTS = Path(__file__).parent / "scripts"  # shared with tests/bench/forward_page.py
DRAG = (SCRIPTS / "drag.js").read_text()
GUESS = (SCRIPTS / "guess.js").read_text()


@pytest.fixture
def forward(page: Page, server: Server) -> Page:
    """The tab with its first picture, at rest."""
    page.goto(server.url)
    page.locator(f"{CANVAS}[data-t]").wait_for()
    page.locator("#forward-t").dispatch_event("pointerdown")  # ends the introduction
    page.locator("#forward-denoiser select").select_option("fashion")
    return page


def set_range(page: Page, selector: str, value: float) -> None:
    page.locator(selector).evaluate(
        """(input, value) => {
          const { prototype } = HTMLInputElement;
          Object.getOwnPropertyDescriptor(prototype, 'value').set.call(input, value);
          input.dispatchEvent(new Event('input', { bubbles: true }));
        }""",
        value,
    )


def set_t(page: Page, t: int) -> None:
    set_range(page, "#forward-t input[type=range]", t)
    page.locator(f'{CANVAS}[data-t="{t}"]').wait_for()
    two_frames(page)


def two_frames(page: Page) -> None:
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def pixels(page: Page, selector: str = CANVAS) -> np.ndarray:
    height, width, text = page.evaluate(PIXELS, selector)
    flat = np.frombuffer(base64.b64decode(text), np.uint8)
    return flat.reshape(height, width, 4)[..., :3].astype(int)


def levels(x: torch.Tensor) -> np.ndarray:
    """(C, H, W) → (H, W, 3), as the page shows it."""
    return grey_levels(x).expand(3, -1, -1).permute(1, 2, 0).numpy().astype(int)


def choose_example(page: Page, name: str) -> None:
    page.locator(f'.forward-sources button[data-name="{name}"]').click()
    page.locator(f'.forward-sources button[data-name="{name}"][aria-pressed="true"]').wait_for()
    two_frames(page)


def draw_handles(page: Page) -> None:
    """Come back as one who has drawn HANDLES before."""
    page.evaluate("h => localStorage.setItem('diffviz.handles', h)", json.dumps(HANDLES))
    page.reload()
    page.locator(f"{CANVAS}[data-t]").wait_for()
    page.locator("#forward-t").dispatch_event("pointerdown")


# -- the twins, in the page (of the modules alone: tests/test_twins.py)


def test_the_canvas_shows_the_servers_x_t(forward: Page, subtests: pytest.Subtests) -> None:
    schedules = {kind: make_schedule(kind) for kind in SCHEDULES}
    for kind, schedule in (schedules | {"drawn": drawn_schedule(HANDLES)}).items():
        if kind == "drawn":
            draw_handles(forward)
        forward.locator("#forward-schedule select").select_option(kind)
        for name in ("petra", "boot"):
            choose_example(forward, name)
            x0 = example(name)
            with subtests.test(schedule=kind, picture=name):
                for t in (0, 1, 137, 500, 999, 1000):
                    set_t(forward, t)
                    x_t = add_noise(x0, noise(0, x0.shape), schedule, t)
                    norm = float(torch.hypot(schedule.alpha[t], schedule.sigma[t]))
                    assert np.abs(pixels(forward) - levels(x_t / norm)).max() <= 1, t


def test_seed_zero_terminal_snr_and_as_it_is(forward: Page) -> None:
    x0 = example("coffee")
    forward.locator("#forward-advanced summary").click()
    forward.locator("#forward-seed input").fill("77")
    forward.locator("#forward-seed input").press("Enter")
    forward.locator("#forward-ztsnr input").check()
    eps = noise(77, x0.shape)
    set_t(forward, 1000)
    forward.wait_for_timeout(300)
    assert np.abs(pixels(forward) - levels(eps)).max() <= 1
    forward.locator("#forward-schedule select").select_option("karras")
    forward.locator("#forward-as-is").check()
    set_t(forward, 400)
    expected = add_noise(x0, eps, make_schedule("karras"), 400)
    assert np.abs(pixels(forward) - levels(expected)).max() <= 1


def test_both_ways_of_noising_land_on_one_picture(forward: Page) -> None:
    set_t(forward, 600)
    forward.locator("#forward-play").click()
    panel = forward.locator(".forward-chain[data-difference]")
    panel.wait_for(timeout=30_000)
    assert panel.get_attribute("data-difference") == "0"
    assert np.abs(pixels(forward, "#forward-chain") - pixels(forward)).max() <= 1


# -- live, and no traffic


def drag(page: Page, selector: str, start: float, end: float) -> float:
    """Drag for a second; fails if any request is sent meanwhile. Returns the paints a second."""
    page.wait_for_timeout(700)  # let the denoiser answer what came before
    requests: list[str] = []

    def note(request: Any) -> None:
        requests.append(request.url)

    page.on("request", note)
    figures: dict[str, float] = page.evaluate(
        DRAG, {"selector": selector, "from": start, "to": end, "seconds": 1}
    )
    page.remove_listener("request", note)
    assert not requests
    return figures["rate"]


def test_dragging_paints_and_asks_for_nothing(forward: Page, subtests: pytest.Subtests) -> None:
    forward.locator("#forward-advanced summary").click()
    for name, start, end in (("t", 0, 1000), ("s", 0.001, 0.1), ("T", 2, 4000)):
        set_t(forward, 300)
        with subtests.test(name):  # how smoothly: tests/bench/forward_page.py
            assert drag(forward, f"#forward-{name} input[type=range]", start, end) > 5


@pytest.mark.alone
def test_dragging_a_handle_paints_and_asks_for_nothing(forward: Page) -> None:
    draw_handles(forward)
    forward.locator("#forward-schedule select").select_option("drawn")
    set_t(forward, 500)
    forward.wait_for_timeout(700)
    forward.wait_for_selector("#forward-guess[data-state=answered]")
    requests: list[str] = []
    forward.on("request", lambda request: requests.append(request.url))
    frames = int(forward.locator(CANVAS).get_attribute("data-frames") or 0)
    forward.locator("#forward-handle-4").scroll_into_view_if_needed()
    box = forward.locator("#forward-handle-4").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    forward.mouse.move(x, y)
    forward.mouse.down()
    moments = []
    for k in range(60):
        forward.mouse.move(x, y + 30 * np.sin(k / 5))
        moments.append(time.monotonic())
    forward.mouse.up()
    rests = sum(later - sooner > 0.1 for sooner, later in itertools.pairwise(moments))
    assert len(requests) <= rests, "it asks where the hand rests, as it does on a busy machine"
    assert int(forward.locator(CANVAS).get_attribute("data-frames") or 0) - frames >= 10


def test_handles_fall_strictly_and_obey_the_keyboard(forward: Page) -> None:
    forward.locator("#forward-schedule select").select_option("drawn")
    handle = forward.locator("#forward-handle-3")
    handle.wait_for()
    before = float(handle.get_attribute("aria-valuenow") or 0)
    handle.press("ArrowDown")
    expect(handle).to_have_attribute("aria-valuenow", f"{before - 0.01:.2f}")
    for _ in range(40):
        handle.press("PageUp")
    two_frames(forward)
    values = [
        float(forward.locator(f"#forward-handle-{k}").get_attribute("aria-valuenow") or 0)
        for k in range(1, 8)
    ]
    assert all(a > b for a, b in itertools.pairwise([1.0, *values]))
    stored = json.loads(forward.evaluate("localStorage.getItem('diffviz.handles')"))
    drawn_schedule(stored)  # which checks it


# -- the denoiser


def test_the_guess_comes_after_a_rest_and_is_about_this_t(forward: Page) -> None:
    choose_example(forward, "boot")
    set_t(forward, 300)
    forward.locator('#forward-guess[data-t="300"][data-state="answered"]').wait_for()
    forward.evaluate(GUESS, 650)
    trio = pixels(forward, "#forward-guess-xt")
    assert np.abs(trio - pixels(forward)).max() <= 1  # what it sees is the canvas itself


def test_an_old_guess_never_stands_in_for_a_new_one(forward: Page) -> None:
    choose_example(forward, "boot")
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if "alpha" in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.continue_()

    forward.route("**/component_server/**", hold_the_first)
    set_t(forward, 200)
    forward.wait_for_timeout(600)
    assert held
    set_t(forward, 700)
    forward.locator('#forward-guess[data-t="700"][data-state="answered"]').wait_for()
    newer = pixels(forward, "#forward-guess-x0")
    held[0].continue_()
    forward.wait_for_timeout(500)
    assert forward.locator("#forward-guess").get_attribute("data-t") == "700"
    assert (pixels(forward, "#forward-guess-x0") == newer).all()


def test_what_another_denoiser_sees_is_asked_for_once(forward: Page) -> None:
    """Of an upload, which is then sent again; and not before somebody looks."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "component_server" in request.url:
            asked.append(json.loads(request.post_data or "{}")["fn_name"])

    upload(forward, png(Image.new("RGB", (96, 48), (255, 128, 0))))
    forward.locator(f"{CANVAS}[width='96'][height='48']").wait_for()
    forward.on("request", note)
    for name, t in (("heroes", 301), ("fashion", 300), ("heroes", 302)):
        forward.locator("#forward-denoiser select").select_option(name)
        set_t(forward, t)
        forward.locator(f'#forward-guess[data-t="{t}"][data-state="answered"]').wait_for()
    forward.locator("#forward-back summary").click()
    two_frames(forward)
    assert asked.count("see") == 1
    canvas = forward.locator("#forward-back canvas").first
    expect(canvas).to_have_attribute("width", "32")
    eventually(lambda: (pixels(forward, "#forward-back canvas") == [255, 128, 0]).all())


def test_what_the_network_never_saw_is_said(forward: Page) -> None:
    forward.locator("#forward-schedule select").select_option("karras")
    set_t(forward, 1000)
    expect(forward.locator("#forward-guess")).to_contain_text("than the network was trained on")
    set_t(forward, 0)
    expect(forward.locator("#forward-guess")).to_contain_text("no noise to find")
    set_t(forward, 500)
    forward.locator("#forward-denoiser select").select_option("optimal")
    expect(forward.locator("#forward-guess")).to_contain_text("only copy")
    forward.locator('#forward-guess[data-state="answered"]').wait_for()


# -- sources


def upload(
    page: Page,
    content: bytes,
    name: str = "picture.png",
    mime: str = "image/png",
    tab: str = "forward",
) -> None:
    file = {"name": name, "mimeType": mime, "buffer": content}
    page.locator(f"#{tab}-upload").set_input_files(file)


def png(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, options.pop("format", "PNG"), **options)
    return file.getvalue()


def test_an_upload_is_shown_as_the_server_reads_it(forward: Page) -> None:
    upload(forward, png(Image.new("RGB", (300, 100), (255, 128, 0))))
    forward.locator(f"{CANVAS}[width='256'][height='85']").wait_for()
    set_t(forward, 0)
    assert (pixels(forward) == [255, 128, 0]).all()


def test_the_browser_decodes_and_uploads_stay(forward: Page) -> None:
    """An SVG, wide colours, more pixels than the server opens, an animation's frames; each has a
    thumbnail by which it comes back."""
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='24'>"
    upload(
        forward, svg + b"<rect width='40' height='24' fill='#ff0080'/></svg>", mime="image/svg+xml"
    )
    forward.locator(f"{CANVAS}[width='40'][height='24']").wait_for()
    set_t(forward, 0)
    assert (pixels(forward) == [255, 0, 128]).all()
    # Display-P3 (ITU-T H.273: primaries 12, sRGB's curve 13): more red than sRGB's has.
    wide = with_chunk(
        png(Image.new("RGB", (30, 20), (200, 90, 60))), b"cICP", bytes([12, 13, 0, 1])
    )
    upload(forward, wide)
    forward.locator(f"{CANVAS}[width='30'][height='20']").wait_for()
    assert np.abs(pixels(forward) - [216, 81, 49]).max() <= 1
    large = Image.new("L", (5_000, 4_000), 99)  # 20 megapixels, of which the server opens 5 as AVIF
    upload(forward, png(large, format="AVIF", speed=10), mime="image/avif")
    forward.locator(f"{CANVAS}[width='256'][height='205']").wait_for()
    frames = [Image.new("RGB", (16, 12), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    film = png(frames[0], format="GIF", save_all=True, append_images=frames[1:])
    upload(forward, film, mime="image/gif")
    forward.locator(f"{CANVAS}[width='16'][height='12']").wait_for()
    assert (pixels(forward) == [255, 0, 0]).all()
    slider = forward.locator("#forward-frame input")
    slider.press("ArrowRight")
    forward.wait_for_function(
        "c => document.querySelector(c).getContext('2d').getImageData(0, 0, 1, 1).data[2] > 0",
        arg=CANVAS,
    )
    assert (pixels(forward) == [0, 0, 255]).all()
    forward.get_by_role("button", name="Example: coffee").click()
    expect(slider).to_be_hidden()
    expect(forward.get_by_role("button", name="Your picture")).to_have_count(4)
    forward.get_by_role("button", name="Your picture 1").click()
    forward.locator(f"{CANVAS}[width='40'][height='24']").wait_for()


def with_chunk(content: bytes, name: bytes, data: bytes) -> bytes:
    """The PNG with a chunk more, after its header."""
    crc = zlib.crc32(name + data).to_bytes(4, "big")
    return content[:33] + len(data).to_bytes(4, "big") + name + data + crc + content[33:]


def test_a_pasted_picture_is_shown(forward: Page) -> None:
    data = list(png(Image.new("L", (40, 30), 90)))
    forward.evaluate(
        """bytes => {
          const clipboardData = new DataTransfer();
          const file = new File([new Uint8Array(bytes)], 'p.png', { type: 'image/png' });
          clipboardData.items.add(file);
          const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true });
          document.body.dispatchEvent(paste);
        }""",
        data,
    )
    forward.locator(f"{CANVAS}[width='40'][height='30']").wait_for()


BAD = {
    "no picture": (b"hello, world", "no picture that can be read"),
    "empty": (b"", "empty"),
    "1 × 1": (png(Image.new("RGB", (1, 1))), "1 × 1"),
    "too many pixels": (png(Image.new("1", (30_000, 30_000))), "too many pixels"),
    "over 10 MB": (b"\x89PNG" + bytes(11 * 2**20), "at most 10 MB"),
}


def test_a_bad_file_gets_a_sentence(
    forward: Page, server: Server, subtests: pytest.Subtests
) -> None:
    forward.wait_for_timeout(600)
    for number, (case, (content, sentence)) in enumerate(BAD.items()):
        with subtests.test(case):
            server.forget_memory_peak()
            before = server.memory_peak()
            log = server.log.read_text()
            upload(forward, content)
            expect(forward.locator("#forward-error")).to_contain_text(sentence)
            assert server.memory_peak() - before < 100 * 2**20
            assert server.log.read_text() == log
            upload(forward, png(Image.new("RGB", (64 + number, 48))))  # and the next one works
            forward.locator(f"{CANVAS}[width='{64 + number}'][height='48']").wait_for()
            expect(forward.locator("#forward-error")).to_be_hidden()


def test_programs_that_send_nonsense_get_a_sentence_too(forward: Page, server: Server) -> None:
    """What lies outside of the uploads is never read, and nothing ends in a traceback."""
    script = """async (requests) => {
      const config = window.gradio_config;
      const { id } = config.components.find((c) => c.props.elem_id === 'forward-view');
      const ask = (fn_name, data) => fetch(`${config.root}/gradio_api/component_server/`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ data, component_id: id, fn_name, session_hash: 'abcdefgh' }),
      }).then((response) => response.json());
      return Promise.all(requests.map(([name, data]) => ask(name, data)));
    }"""
    requests = [
        ["load", {"path": str(example_path("sunset")), "seed": 0, "denoiser": "fashion"}],
        ["load", {"path": "/etc/passwd", "seed": 0, "denoiser": "fashion"}],
        ["load", {"path": 7, "seed": 0, "denoiser": "fashion"}],
        ["load", {"example": "nobody", "seed": 0, "denoiser": "fashion"}],
        ["load", {"example": "sunset", "seed": -1, "denoiser": "fashion"}],
        ["load", {"example": "sunset", "seed": "x", "denoiser": "fashion"}],
        ["load", "sunset"],
        ["other_noise", {"seed": 0, "shape": [3, 100_000, 100_000], "denoiser": "fashion"}],
        ["other_noise", {"seed": 0, "shape": [3], "denoiser": "fashion"}],
        ["denoise", {"small": "AAAA", "seed": 0, "alpha": 1, "sigma": 1, "denoiser": "fashion"}],
        ["denoise", {"id": 1, "small": "?", "seed": 0, "alpha": 1, "sigma": 1, "denoiser": "x"}],
        ["denoise", []],
        ["denoise", None],
    ]
    log = server.log.read_text()
    for request, answer in zip(requests, forward.evaluate(script, requests), strict=True):
        assert isinstance(answer, dict), request
        # "detail" where the request is refused before it reaches the tab's own code.
        assert re.fullmatch(r"[A-Z].*\.", answer.get("error") or answer["detail"]), request
    assert server.log.read_text() == log


# -- the look


def test_three_schedules_side_by_side_share_one_eps(forward: Page) -> None:
    set_t(forward, 500)
    forward.locator("#forward-compare").click()
    forward.locator("#forward-compare").click()
    expect(forward.locator("#forward-compare")).to_be_hidden()
    forward.get_by_label("Schedule to compare").nth(0).select_option("karras")
    forward.get_by_label("Schedule to compare").nth(1).select_option("flow")
    two_frames(forward)
    x0 = example("coffee")
    for k, kind in enumerate(("karras", "flow"), start=1):
        schedule = make_schedule(kind)
        x_t = add_noise(x0, noise(0, x0.shape), schedule, 500)
        norm = float(torch.hypot(schedule.alpha[500], schedule.sigma[500]))
        assert np.abs(pixels(forward, f"#forward-rival-{k}") - levels(x_t / norm)).max() <= 1
    forward.get_by_label("Remove this schedule").first.click()
    expect(forward.get_by_label("Schedule to compare")).to_have_count(1)


def test_curve_and_strip_move_t(forward: Page) -> None:
    forward.locator("#forward-snr").scroll_into_view_if_needed()
    box = forward.locator("#forward-snr").bounding_box()
    assert box
    forward.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    two_frames(forward)
    assert 350 < int(forward.locator(CANVAS).get_attribute("data-t") or 0) < 550
    forward.locator("#forward-strip button").nth(9).click()
    forward.locator(f'{CANVAS}[data-t="1000"]').wait_for()


def test_the_keyboard_moves_t(forward: Page) -> None:
    set_t(forward, 500)
    forward.locator("#forward-t input").press("ArrowRight")
    forward.locator(f'{CANVAS}[data-t="501"]').wait_for()


def test_nothing_is_wider_than_the_screen(forward: Page, subtests: pytest.Subtests) -> None:
    forward.locator("#forward-advanced summary").click()
    for width in (390, 768, 1280):
        forward.set_viewport_size({"width": width, "height": 844})
        two_frames(forward)
        with subtests.test(width=width):
            assert forward.evaluate("document.documentElement.scrollWidth") <= width
            assert beyond(forward, ".forward") == []


def test_the_introduction_moves_until_touched(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.wait_for_function("Number(document.querySelector('#forward-canvas')?.dataset.t) > 20")
    page.locator("#forward-t input").press("Home")
    frames = page.locator(CANVAS).get_attribute("data-frames")
    page.wait_for_timeout(500)
    assert int(page.locator(CANVAS).get_attribute("data-frames") or 0) <= int(frames or 0) + 1


def test_less_motion_for_those_who_ask(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(server.url)
    page.locator(f'{CANVAS}[data-t="420"]').wait_for()
    assert int(page.locator(CANVAS).get_attribute("data-frames") or 0) <= 2


def test_nothing_is_asked_of_other_hosts(page: Page, server: Server) -> None:
    urls: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
    page.goto(server.url)
    page.locator('#forward-guess[data-state="answered"]').wait_for()
    assert [u for u in urls if not u.startswith((server.url, "data:", "blob:"))] == []
    assert failed == []


# -- for programs


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(server.url, verbose=False, download_files=tmp_path_factory.mktemp("answers"))


def read(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_noise_endpoint(client: Client, tmp_path: Path) -> None:
    path, facts = client.predict(
        example_name="marbles", schedule="sigmoid", T=500, t=200, seed=9, api_name="/noise"
    )
    x0 = example("marbles")
    schedule = make_schedule("sigmoid", 500)
    expected = levels(add_noise(x0, noise(9, x0.shape), schedule, 200))
    assert np.abs(read(path) - expected).max() <= 1
    assert facts["alpha"] == pytest.approx(float(schedule.alpha[200]))
    file = tmp_path / "grey.png"
    Image.new("L", (20, 10), 128).save(file)
    path, facts = client.predict(
        handle_file(file), schedule="drawn", handles=HANDLES, api_name="/noise"
    )
    assert read(path).shape == (10, 20, 3)
    assert facts["alpha_bar"] == pytest.approx(float(drawn_schedule(HANDLES).alpha_bar[500]))


def test_denoise_endpoint(client: Client) -> None:
    for denoiser in ("fashion", "optimal"):
        *pictures, facts = client.predict(
            example_name="boot", t=300, denoiser=denoiser, api_name="/denoise"
        )
        assert [read(picture).shape for picture in pictures] == [(28, 28, 3)] * 3
        assert 0 < facts["x0_error"] < 0.6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"schedule": "linaer"}, "cosine"),
        ({"t": 5000}, "4000"),
        ({"t": 600, "T": 500}, "t must be a whole number from 0 to T = 500"),
        ({"T": 1}, "2"),
        ({"seed": -1}, "0"),
        ({"parameters": {"s": 7}}, "must be a number from 0.001 to 0.1"),
        ({"parameters": {"rho": 7}}, "it takes s"),
        ({"parameters": {"s": [1]}}, "s must be a number"),
        ({"schedule": "drawn", "handles": [0.5, 0.2]}, "fall strictly from 1"),
        ({"example_name": "moon"}, "coffee"),
    ],
)
def test_wrong_values_name_the_right_ones(
    client: Client, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Exception, match=re.escape(sentence)):
        client.predict(api_name="/noise", **arguments)


def test_programs_can_read_what_there_is(client: Client) -> None:
    api = client.view_api(return_format="dict", print_info=False)
    named = api["named_endpoints"]
    assert {"/noise", "/denoise"} <= set(named)
    types = {p["parameter_name"]: p["python_type"]["type"] for p in named["/noise"]["parameters"]}
    assert types["t"] == "float"
    assert types["schedule"].startswith("Literal[")
