// Where pictures come from: examples, files (chosen, dropped or pasted) and the webcam.

import { make } from "../lib/dom.js";
import { decodePicture, withNoise } from "./noised.js";
import { restored } from "../lib/notes.js";
import { root } from "../lib/root.js";
import { openWebcam } from "./webcam.js";

const TOO_LARGE = "The file is too large; at most 10 MB, please.";
const NO_SERVER = "The server does not answer; please try again.";

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
  const file = make("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/gif", id: "forward-upload" });
  const upload = make("label", { className: "button", htmlFor: "forward-upload" }, "Upload");
  const webcam = make("button", { type: "button", id: "forward-webcam" }, "Webcam");
  const error = make("p", { id: "forward-error", className: "forward-error", role: "alert", hidden: true });
  const credit = make("p", { id: "forward-credit", className: "muted" });
  const camera = make("div", { className: "forward-camera" });
  const panel = make(
    "div",
    { className: "forward-sources" },
    make("div", { className: "forward-examples", role: "group", "aria-label": "Example pictures" }, ...examples),
    make("div", { className: "forward-own" }, file, upload, webcam, make("span", { className: "muted" }, "or paste or drop a picture; it is deleted within the hour, and its transparent parts become white")),
    camera,
    credit,
    error,
  );

  /** @param {string} sentence */
  function say(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
  }

  /** Ask the server for a picture and its noise. @param {{ example?: string, path?: string }} request */
  async function load(request) {
    const answer = await ask((seed) => server.load({ ...request, seed }));
    if (!answer) return;
    for (const button of examples) button.setAttribute("aria-pressed", String(button.dataset.name === request.example));
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

  /** @param {Blob | null | undefined} blob */
  async function loadFile(blob) {
    if (!blob) return;
    if (blob.size > state.facts.maxBytes) return say(TOO_LARGE);
    const form = new FormData();
    form.append("files", blob, blob instanceof File ? blob.name : "picture.png");
    const id = ++latest;
    panel.classList.add("busy");
    try {
      const response = await fetch(`${root()}/gradio_api/upload`, { method: "POST", body: form });
      if (id !== latest) return;
      if (response.status === 413) return say(TOO_LARGE);
      if (!response.ok) return say(NO_SERVER);
      const [path] = await response.json();
      await load({ path });
    } catch {
      say(NO_SERVER);
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
