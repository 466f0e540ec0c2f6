// Where pictures come from: examples, files (chosen, dropped or pasted) and the webcam. A file is decoded
// and scaled down by this browser; what it cannot open goes to the server as it is.

import { decode } from "../lib/decode.js";
import { make } from "../lib/dom.js";
import { restored } from "../lib/notes.js";
import { context2d } from "../lib/pixels.js";
import { slider } from "../lib/slider.js";
import { upload, uploadFile } from "../lib/upload.js";
import { decodePicture, withNoise } from "./noised.js";
import { openWebcam } from "./webcam.js";

const TOO_LARGE = "This browser cannot open that file, and for the server it is too large: at most 10 MB, please.";
const NO_SERVER = "The server does not answer; please try again.";
const MOST_OWN = 6; // whose thumbnails stay
const THUMBNAIL = 108;

/** @import { Decoded } from "../lib/decode.js" */
/** @import { Answer } from "../lib/types.d.ts" */
/** @import { ForwardState } from "./state.js" */
/** @import { ForwardServer, Picture } from "./types.d.ts" */

/** onPicture(picture): called with each picture that arrives, unless a newer one was asked for. @param {ForwardState} state @param {ForwardServer} server @param {(picture: Picture) => void} onPicture */
export function sourcesPanel(state, server, onPicture) {
  let latest = 0;

  const examples = state.facts.examples.map(({ name, thumbnail, credit }) => {
    const button = make("button", { type: "button", className: "example", title: credit || name, "aria-label": `Example: ${name}` });
    button.append(make("img", { src: thumbnail, alt: "" }));
    button.addEventListener("click", () => load({ example: name }));
    button.dataset.name = name;
    return button;
  });
  const file = make("input", { type: "file", accept: "image/*", id: "forward-upload" });
  const choose = make("label", { className: "button", htmlFor: "forward-upload" }, "Upload");
  const webcam = make("button", { type: "button", id: "forward-webcam" }, "Webcam");
  const error = make("p", { id: "forward-error", className: "forward-error", role: "alert", hidden: true });
  const credit = make("p", { id: "forward-credit", className: "muted" });
  const camera = make("div", { className: "forward-camera" });
  /** @type {HTMLButtonElement[]} */
  const own = []; // of pictures of one's own
  /** @type {Decoded | null} */
  let film = null; // whose frames the slider shows
  const frames = slider({ id: "forward-frame", label: "Frame", minimum: 0, maximum: 0, className: "forward-slider", text: (k) => `${k + 1} of ${film?.count ?? 1}`, onInput: (k) => showFrame(k) });
  frames.root.hidden = true;
  const shown = make("div", { className: "forward-examples", role: "group", "aria-label": "Example pictures" }, ...examples);
  const panel = make(
    "div",
    { className: "forward-sources" },
    shown,
    make("div", { className: "forward-own" }, file, choose, webcam, make("span", { className: "muted" }, "or paste or drop a picture; it is deleted within the hour, and its transparent parts become white")),
    camera,
    frames.root,
    credit,
    error,
  );

  /** @param {string} sentence */
  function say(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
  }

  /** Ask the server for a picture and its noise. @param {{ example?: string, path?: string }} request @param {HTMLButtonElement} [chosen] the button of one's own */
  async function load(request, chosen) {
    const answer = await ask((seed) => server.load({ ...request, seed }));
    if (!answer) return;
    if (!chosen) showFrames(null);
    for (const button of [...examples, ...own]) {
      button.setAttribute("aria-pressed", String(chosen ? button === chosen : button.dataset.name === request.example));
    }
    credit.textContent = state.facts.examples.find(({ name }) => name === request.example)?.credit ?? "";
    onPicture({ ...decodePicture(answer), example: request.example });
  }

  /** The same picture with the noise of the seed as it is now. */
  async function renoise() {
    if (!state.picture) return;
    const { channels, height, width } = state.picture;
    const answer = await ask((seed) => server.other_noise({ seed, shape: [channels, height, width] }));
    if (answer) onPicture(withNoise(state.picture, answer));
  }

  /** The answer, or null where it is an error (which is shown) or came too late. @template Content @param {(seed: number) => Promise<Answer<Content>>} question @returns {Promise<Content | null>} */
  async function ask(question) {
    const id = ++latest;
    const answer = (await question(state.seed).catch(() => null)) ?? { error: NO_SERVER };
    if (id !== latest) return null;
    say(answer.error ?? "");
    return answer.error === undefined ? /** @type {Content} */ (answer) : null;
  }

  /** Send what this browser has decoded. @param {HTMLCanvasElement} canvas @param {HTMLButtonElement} button */
  async function send(canvas, button) {
    const id = ++latest;
    try {
      const path = await upload(canvas);
      if (id === latest) await load({ path }, button);
    } catch (problem) {
      if (id === latest) say(problem instanceof Error && !(problem instanceof TypeError) ? problem.message : NO_SERVER);
    }
  }

  /** A button for a picture of one's own, beside the examples. @param {Decoded} decoded @param {HTMLCanvasElement} first */
  function remember(decoded, first) {
    const button = make("button", { type: "button", className: "example", title: "Your picture", "aria-label": `Your picture ${own.length + 1}` });
    const size = Math.min(1, THUMBNAIL / Math.max(first.width, first.height));
    const small = make("canvas", { width: Math.ceil(first.width * size), height: Math.ceil(first.height * size) });
    context2d(small).drawImage(first, 0, 0, small.width, small.height);
    button.append(make("img", { src: small.toDataURL(), alt: "" }));
    button.addEventListener("click", async () => {
      showFrames(decoded);
      send(await decoded.frame(frames.value), button);
    });
    own.push(button);
    shown.append(button);
    if (own.length > MOST_OWN) own.shift()?.remove();
    return button;
  }

  /** @param {Decoded | null} decoded */
  function showFrames(decoded) {
    if (decoded === film) return;
    film = decoded;
    frames.root.hidden = !film || film.count === 1;
    frames.set(0, (film?.count ?? 1) - 1);
  }

  /** @param {number} k */
  async function showFrame(k) {
    const canvas = await film?.frame(k);
    const button = own.find((one) => one.ariaPressed === "true");
    if (canvas && button && frames.value === k) send(canvas, button);
  }

  /** @param {Blob | null | undefined} blob */
  async function loadFile(blob) {
    if (!blob) return;
    const id = ++latest;
    panel.classList.add("busy");
    try {
      const decoded = await decode(blob, state.facts.side);
      const first = await decoded?.frame(0);
      if (id !== latest) return;
      if (decoded && first) {
        const button = remember(decoded, first);
        showFrames(decoded);
        return await send(first, button);
      }
      if (blob.size > state.facts.maxBytes) return say(TOO_LARGE);
      const path = await uploadFile(blob, blob instanceof File ? blob.name : "picture");
      if (id === latest) await load({ path });
    } catch (problem) {
      if (id === latest) say(problem instanceof Error && !(problem instanceof TypeError) ? problem.message : NO_SERVER);
    } finally {
      panel.classList.remove("busy");
    }
  }

  file.addEventListener("change", () => {
    loadFile(file.files?.[0]);
    file.value = ""; // so that the same file can be chosen again
  });
  webcam.addEventListener("click", () => openWebcam(camera, loadFile, say));
  document.addEventListener("paste", (event) => {
    if (!panel.offsetParent || (event.target instanceof Element && event.target.closest("input, textarea"))) return; // another tab's
    const pasted = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!pasted) return;
    event.preventDefault();
    loadFile(pasted);
  });

  /** Let files be dropped anywhere on this element. @param {HTMLElement} element */
  function acceptDrops(element) {
    /** @param {DragEvent} event */
    const hasFile = (event) => event.dataTransfer?.types.includes("Files");
    element.addEventListener("dragover", (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      element.classList.add("dropping");
    });
    element.addEventListener("dragleave", () => element.classList.remove("dropping"));
    element.addEventListener("drop", async (event) => {
      element.classList.remove("dropping");
      if (!hasFile(event)) return;
      event.preventDefault();
      const dropped = event.dataTransfer?.files[0];
      if (!(await restored(dropped))) loadFile(dropped);
    });
  }

  return { root: panel, load, renoise, acceptDrops };
}
