// Where the picture comes from: an example, or a file that this browser decodes, turns upright and
// scales down; its full size stays here, for what is pasted back into it.

import { make } from "../lib/dom.js";
import { restored } from "../lib/notes.js";
import { bytes, context2d, paint } from "../lib/pixels.js";
import { upload } from "../lib/upload.js";

/** @import { EditServer, Facts, Source } from "./types.d.ts" */

/** onPicture(source): another picture is there. @param {Facts} facts @param {EditServer} server @param {(source: Source) => void} onPicture */
export function sourcePanel(facts, server, onPicture) {
  let latest = 0;
  /** @type {string | null} */
  let asked = null; // the example that is there or comes
  const examples = facts.examples.map(({ name, thumbnail, credit: said }) => {
    const button = make("button", { type: "button", className: "example", title: said || name, "aria-label": `Example: ${name}`, onclick: () => load(name) },
      make("img", { src: thumbnail, alt: "" }));
    button.dataset.example = name;
    return button;
  });
  const file = make("input", { type: "file", accept: "image/*", id: "edit-upload", className: "edit-upload" });
  const error = make("p", { id: "edit-error", className: "edit-error", role: "alert", hidden: true });
  const credit = make("span", { id: "edit-credit", className: "muted" });
  const panel = make("div", { className: "edit-sources" },
    make("div", { className: "edit-examples", role: "group", "aria-label": "Example pictures" }, ...examples),
    make("div", { className: "edit-own" }, file, make("label", { className: "button", htmlFor: "edit-upload" }, "Upload"), make("span", { className: "muted" }, "or paste or drop a picture"), credit),
    error);

  /** @param {string} sentence */
  function say(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
  }

  /** @param {string} chosen @param {string} [said] */
  function show(chosen, said = "") {
    for (const button of examples) button.setAttribute("aria-pressed", String(button.dataset.example === chosen));
    credit.textContent = said;
    say("");
  }

  /** @param {string} name */
  async function load(name) {
    const id = ++latest;
    asked = name;
    const answer = await server.picture_of_example({ example: name }).catch(() => null);
    if (id !== latest) return;
    if (!answer || answer.error !== undefined) return say(answer?.error ?? "The server does not answer; please try again.");
    const [channels, height, width] = answer.shape;
    const canvas = make("canvas", {});
    paint(canvas, bytes(answer.levels), channels, height, width);
    show(name, facts.examples.find((one) => one.name === name)?.credit);
    onPicture({ canvas, example: name, full: null });
  }

  /** @param {Blob | null | undefined} blob */
  async function open(blob) {
    if (!blob) return;
    const id = ++latest;
    const full = await createImageBitmap(blob, { imageOrientation: "from-image" }).catch(() => null);
    if (id !== latest) return;
    if (!full) return say("This browser cannot open that file as a picture.");
    const scale = Math.min(1, facts.size / Math.max(full.width, full.height));
    const canvas = make("canvas", { width: Math.max(1, Math.round(full.width * scale)), height: Math.max(1, Math.round(full.height * scale)) });
    const context = context2d(canvas);
    Object.assign(context, { fillStyle: "#fff", imageSmoothingQuality: "high" });
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(full, 0, 0, canvas.width, canvas.height);
    asked = null;
    show("");
    onPicture({ canvas, example: null, full: scale < 1 ? full : null });
  }

  file.addEventListener("change", () => {
    open(file.files?.[0]);
    file.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("paste", (event) => {
    if (!panel.offsetParent || (event.target instanceof Element && event.target.closest("input, textarea"))) return; // another tab's
    const pasted = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!pasted) return;
    event.preventDefault();
    open(pasted);
  });

  /** Let files be dropped anywhere on this element. @param {HTMLElement} element */
  function acceptDrops(element) {
    element.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
    element.addEventListener("drop", async (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      const dropped = event.dataTransfer.files[0];
      if (!(await restored(dropped))) open(dropped);
    });
  }

  return { root: panel, load, acceptDrops, get asked() { return asked; } };
}

/**
 * What a request says of a picture: its example's name, or where it was uploaded just now.
 * @param {Source} source
 * @returns {Promise<{ example: string } | { upload: string }>}
 */
export async function sent({ canvas, example }) {
  if (example) return { example };
  return { upload: await upload(canvas) };
}
