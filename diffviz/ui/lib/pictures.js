// Where a tab's pictures come from: examples, files (chosen, dropped or pasted) and the webcam. A file is
// decoded and scaled down by this browser; what it cannot open goes to the server as it is.

import { decode } from "./decode.js";
import { make } from "./dom.js";
import { restored } from "./notes.js";
import { context2d } from "./pixels.js";
import { slider } from "./slider.js";
import { openWebcam } from "./webcam.js";

const TOO_LARGE = "This browser cannot open that file, and for the server it is too large: at most 10 MB, please.";
const HEIC = "That is a HEIC picture, as phones make them, which this browser cannot open, and the server neither: save it as JPEG or PNG first, please.";
const OPENING = "Opening; a large picture takes some seconds …";
const NO_SERVER = "The server does not answer; please try again.";
const MOST_OWN = 6; // whose thumbnails stay
const THUMBNAIL = 108;
const SOON = 300; // ms within which nothing needs to be said of what is on its way

/** @import { Decoded } from "./decode.js" */
/** @import { Answer, PictureFacts } from "./types.d.ts" */
/**
 * What is asked for: an example, what this browser has decoded (`whole` is the same, as large as it
 * is), or a file that only the server may know.
 * @typedef {{ example: string } | { canvas: HTMLCanvasElement, whole: () => Promise<HTMLCanvasElement> } | { file: Blob }} Wanted
 */
/** A picture of one's own. @typedef {{ decoded: Decoded, button: HTMLButtonElement }} Own */

/**
 * get(wanted): the tab's picture of it, or a rejection with a sentence; onPicture(picture): called
 * with each that arrives, unless another was asked for meanwhile.
 * @template Picture
 * @param {string} tab the beginning of ids and class names
 * @param {PictureFacts} facts
 * @param {(wanted: Wanted) => Promise<Picture>} get
 * @param {(picture: Picture) => void} onPicture
 */
export function picturesPanel(tab, facts, get, onPicture) {
  let latest = 0;
  /** @type {string | null} */
  let asked = null; // the example that is there or comes
  /** @type {Own[]} */
  const own = [];
  /** @type {Own | null} */
  let shown = null; // of one's own

  const examples = facts.examples.map(({ name, thumbnail, credit: said }) => {
    const button = make("button", { type: "button", className: "example", title: said || name, "aria-label": `Example: ${name}`, onclick: () => load(name) },
      make("img", { src: thumbnail, alt: "" }));
    button.dataset.name = name;
    return button;
  });
  const thumbnails = make("div", { className: "pictures-shown", role: "group", "aria-label": "Example pictures" }, ...examples);
  const file = make("input", { type: "file", accept: "image/*", id: `${tab}-upload`, className: "sr-only" });
  const choose = make("label", { className: "button", htmlFor: `${tab}-upload` }, "Upload");
  const camera = make("div", { className: "pictures-camera" });
  const webcam = make("button", { type: "button", id: `${tab}-webcam`, onclick: () => openWebcam(camera, open, say) }, "Webcam");
  const hint = make("span", { className: "muted" }, "or paste or drop a picture; it is deleted within the hour, and its transparent parts become white");
  const frames = slider({ id: `${tab}-frame`, label: "Frame", minimum: 0, maximum: 0, className: `${tab}-slider`, text: (k) => `${k + 1} of ${shown?.decoded.count ?? 1}`, onInput: () => shown && loadOwn(shown) });
  frames.root.hidden = true;
  const credit = make("p", { id: `${tab}-credit`, className: "muted" });
  const error = make("p", { id: `${tab}-error`, className: "pictures-error", role: "alert", hidden: true });
  const opening = make("p", { className: "muted pictures-opening", role: "status" });
  const root = make("div", { className: `pictures ${tab}-sources` }, thumbnails, make("div", { className: "pictures-own" }, file, choose, webcam, hint), camera, frames.root, opening, credit, error);

  /** @param {string} sentence */
  function say(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
  }

  /** What a question comes to; null where that is a sentence, which is shown, or another was asked since. @template Found @param {(late: () => boolean) => Promise<Found>} question @returns {Promise<Found | null>} */
  async function ask(question) {
    const id = ++latest;
    const late = () => id !== latest;
    say(""); // of what was asked before
    opening.textContent = "";
    const slow = setTimeout(() => !late() && (opening.textContent = OPENING), SOON);
    try {
      const found = await question(late);
      return late() ? null : found;
    } catch (problem) {
      if (!late()) say(problem instanceof Error && !(problem instanceof TypeError) ? problem.message : NO_SERVER);
      return null;
    } finally {
      clearTimeout(slow);
      if (!late()) opening.textContent = "";
    }
  }

  /** @param {() => Promise<Wanted>} find @param {() => void} shows says that it is there */
  async function show(find, shows) {
    const picture = await ask(async (late) => {
      const wanted = await find();
      return late() ? null : get(wanted);
    });
    if (!picture) return;
    shows();
    onPicture(picture);
  }

  /** Say what is shown: an example, one of one's own, or neither. @param {string | null} example @param {Own | null} one */
  function mark(example, one) {
    asked = example;
    for (const button of examples) button.setAttribute("aria-pressed", String(button.dataset.name === example));
    for (const { button } of own) button.setAttribute("aria-pressed", String(button === one?.button));
    credit.textContent = facts.examples.find(({ name }) => name === example)?.credit ?? "";
    if (one === shown) return;
    shown = one;
    frames.root.hidden = !one || one.decoded.count === 1;
    frames.set(0, (one?.decoded.count ?? 1) - 1);
  }

  /** @param {string} name */
  function load(name) {
    asked = name;
    return show(async () => ({ example: name }), () => mark(name, null));
  }

  /** The frame that the slider shows of it, at first the first. @param {Own} one */
  function loadOwn(one) {
    const { decoded } = one;
    const k = one === shown ? frames.value : 0;
    return show(async () => wantedOf(decoded, k, await decoded.frame(k)), () => mark(null, one));
  }

  /** @param {Blob | null | undefined} blob */
  async function open(blob) {
    if (!blob) return;
    /** @type {{ decoded: Decoded, first: HTMLCanvasElement } | null} */
    let found = null;
    const find = async () => {
      const decoded = await decode(blob, facts.side);
      const first = await decoded?.frame(0).catch(() => null);
      if (decoded && first) {
        found = { decoded, first };
        return wantedOf(decoded, 0, first);
      }
      if (await isHeic(blob)) throw new Error(HEIC);
      if (blob.size > facts.maxBytes) throw new Error(TOO_LARGE);
      return { file: blob };
    };
    await show(find, () => mark(null, found && remember(found.decoded, found.first)));
  }

  /** A button for a picture of one's own, beside the examples. @param {Decoded} decoded @param {HTMLCanvasElement} first */
  function remember(decoded, first) {
    const size = Math.min(1, THUMBNAIL / Math.max(first.width, first.height));
    const small = make("canvas", { width: Math.ceil(first.width * size), height: Math.ceil(first.height * size) });
    context2d(small).drawImage(first, 0, 0, small.width, small.height);
    const button = make("button", { type: "button", className: "example", title: "Your picture", "aria-label": `Your picture ${own.length + 1}`, onclick: () => loadOwn(one) },
      make("img", { src: small.toDataURL(), alt: "" }));
    const one = { decoded, button };
    own.push(one);
    thumbnails.append(button);
    if (own.length > MOST_OWN) {
      const oldest = own.shift();
      oldest?.button.remove();
      oldest?.decoded.close();
    }
    return one;
  }

  file.addEventListener("change", () => {
    open(file.files?.[0]);
    file.value = ""; // so that the same file can be chosen again
  });
  document.addEventListener("paste", (event) => {
    if (!root.offsetParent || (event.target instanceof Element && event.target.closest("input, textarea"))) return; // another tab's
    const pasted = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!pasted) return;
    event.preventDefault();
    open(pasted);
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
      if (!(await restored(dropped))) open(dropped);
    });
  }

  return { root, load, ask, acceptDrops, get asked() { return asked; } };
}

/** Whether a file's header says so. @param {Blob} blob */
async function isHeic(blob) {
  const header = String.fromCharCode(...new Uint8Array(await blob.slice(4, 64).arrayBuffer()));
  return /^ftyp.{0,48}he(i[cxms]|v[cx])/s.test(header); // as media/kinds.py has it
}

/** @param {Decoded} decoded @param {number} k @param {HTMLCanvasElement} canvas */
function wantedOf(decoded, k, canvas) {
  return { canvas, whole: () => decoded.frame(k, Infinity) };
}

/** What a server's function answers; its sentence is raised. @template Content @param {Promise<Answer<Content>>} question @returns {Promise<Content>} */
export async function answered(question) {
  const answer = (await question.catch(() => null)) ?? { error: NO_SERVER };
  if (answer.error !== undefined) throw new Error(answer.error);
  return /** @type {Content} */ (answer);
}
