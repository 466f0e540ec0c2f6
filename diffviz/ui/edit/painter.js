// The picture with what is painted over of it: brush, eraser, rectangle, by pointer and by keyboard.

import { make } from "../lib/dom.js";
import { context2d, countPaint } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";
import { slider } from "../lib/slider.js";
import { Mask } from "./mask.js";

/** @typedef {"brush" | "eraser" | "rectangle"} Tool */
/** @typedef {[x: number, y: number]} Point */

const TOOLS = { brush: "Brush", eraser: "Eraser", rectangle: "Rectangle" };
const KEYS = "Keys: arrows move the brush, space begins and ends a stroke, B, E, R choose a tool, [ and ] its size, I inverts, Ctrl+Z undoes.";
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** @type {Record<string, Tool>} */
const LETTERS = { b: "brush", e: "eraser", r: "rectangle" };

/** onChange(): the mask is another. @param {() => void} onChange */
export function painterPanel(onChange) {
  const picture = make("canvas", { id: "edit-picture", className: "picture", role: "img", "aria-label": "Your picture" });
  const over = make("canvas", { id: "edit-mask", className: "edit-mask", tabIndex: 0, role: "application", "aria-label": `What is painted over. ${KEYS}`, title: KEYS });
  const stage = make("div", { className: "edit-stage" }, picture, over);
  let mask = new Mask(1, 1);
  /** @type {Tool} */
  let tool = "brush";
  /** @type {Point} */
  let pen = [0, 0];
  /** @type {Point | null} */
  let down = null; // where a stroke or a rectangle began
  let keyed = false; // it was begun by a key
  let shown = false; // the brush itself, for who moves it by keys

  const tools = segments({ label: "Tool", labels: TOOLS, onChoose: (name) => choose(/** @type {Tool} */ (name)) });
  const size = slider({ label: "Size", minimum: 1, maximum: 64, value: 14, inputId: "edit-brush", className: "edit-slider", text: (value) => `${value} px` });
  /** @param {string} id @param {string} text @param {() => void} act */
  const button = (id, text, act) => make("button", { type: "button", id, onclick: act }, text);
  const undo = button("edit-undo", "Undo", () => change(() => mask.undo()));
  const redo = button("edit-redo", "Redo", () => change(() => mask.redo()));
  const invert = button("edit-invert", "Invert", () => change(() => (mask.begin(), mask.invert())));
  const clear = button("edit-clear", "Clear", () => change(() => (mask.begin(), mask.clear())));
  const share = make("span", { className: "number muted", role: "status" });
  const bar = make("div", { className: "edit-tools" }, tools.root, size.root, invert, clear, undo, redo, share);
  const root = make("div", { className: "edit-painter" }, stage, bar);

  /** @param {() => void} act */
  function change(act) {
    act();
    draw();
    onChange();
  }

  /** @param {Tool} name */
  function choose(name) {
    tool = name;
    tools.update(tool);
  }

  const value = () => /** @type {0 | 1} */ (tool === "eraser" ? 0 : 1);

  /** @param {Point} at */
  function press(at) {
    mask.begin();
    down = at;
    pen = at;
    if (tool !== "rectangle") change(() => mask.stroke(at, at, size.value / 2, value()));
  }

  /** @param {Point} at */
  function move(at) {
    const from = pen;
    pen = at;
    if (down && tool !== "rectangle") return change(() => mask.stroke(from, at, size.value / 2, value()));
    return draw();
  }

  function release() {
    const from = down;
    down = null;
    keyed = false;
    if (!from) return;
    if (tool === "rectangle") change(() => mask.rectangle(from, pen, 1));
    else draw();
  }

  /** Where in the picture. @param {PointerEvent} event @returns {Point} */
  function placeOf(event) {
    const box = over.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * mask.width, ((event.clientY - box.top) / box.height) * mask.height];
  }

  over.addEventListener("pointerdown", (event) => {
    if (event.button || over.hidden) return;
    over.setPointerCapture(event.pointerId);
    shown = false;
    press(placeOf(event));
  });
  over.addEventListener("pointermove", (event) => down && !keyed && move(placeOf(event)));
  over.addEventListener("pointerup", () => !keyed && release());
  over.addEventListener("pointercancel", () => !keyed && release());
  over.addEventListener("focus", () => ((shown = over.matches(":focus-visible")), draw()));
  over.addEventListener("blur", () => ((shown = false), release(), draw()));
  over.addEventListener("keydown", (event) => {
    if (!key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** Whether a key did something. @param {KeyboardEvent} event */
  function key(event) {
    const letter = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (letter === "z") change(() => (event.shiftKey ? mask.redo() : mask.undo()));
      else if (letter === "y") change(() => mask.redo());
      else return false;
      return true;
    }
    shown = true;
    if (event.key in ARROWS) {
      const stride = event.shiftKey ? 1 : Math.max(1, Math.round(size.value / 2));
      const [x, y] = pen.map((place, axis) => place + stride * ARROWS[event.key][axis]);
      move([Math.min(mask.width, Math.max(0, x)), Math.min(mask.height, Math.max(0, y))]);
    } else if (event.key === " ") {
      if (down) release();
      else {
        keyed = true;
        press(pen);
      }
    } else if (letter in LETTERS) choose(LETTERS[letter]);
    else if (letter === "i") invert.click();
    else if (letter === "[" || letter === "]") {
      size.set(Math.min(64, Math.max(1, size.value + (letter === "]" ? 2 : -2))));
      draw();
    } else return false;
    return true;
  }

  function draw() {
    const context = context2d(over);
    const image = context.createImageData(mask.width, mask.height);
    mask.bits.forEach((bit, i) => bit && image.data.set([236, 72, 153, 165], 4 * i));
    context.putImageData(image, 0, 0);
    context.strokeStyle = "#fff";
    context.lineWidth = 1;
    context.beginPath();
    if (down && tool === "rectangle") context.rect(down[0], down[1], pen[0] - down[0], pen[1] - down[1]);
    else if (shown) context.arc(pen[0], pen[1], Math.max(1, size.value / 2), 0, 2 * Math.PI);
    context.stroke();
    countPaint(over);
    over.dataset.share = mask.share.toFixed(4);
    share.textContent = mask.share ? `${(100 * mask.share).toFixed(1)} % painted over` : "Paint over what is to be made anew.";
    undo.disabled = !mask.before.length;
    redo.disabled = !mask.after.length;
  }

  /** Another picture, with nothing painted over. @param {CanvasImageSource} source @param {number} width @param {number} height */
  function begin(source, width, height) {
    for (const canvas of [picture, over]) Object.assign(canvas, { width, height });
    context2d(picture).drawImage(source, 0, 0);
    countPaint(picture);
    stage.style.setProperty("--aspect", String(width / height));
    mask = new Mask(width, height);
    pen = [width / 2, height / 2];
    draw();
    onChange();
  }

  /** Paint over the middle, so that there is something to see at once. */
  function paintMiddle() {
    const { width, height } = mask;
    change(() => (mask.begin(), mask.stroke([width * 0.42, height * 0.45], [width * 0.6, height * 0.55], width / 9, 1)));
  }

  /** Whether there is anything to paint over. @param {boolean} masked */
  function show(masked) {
    over.hidden = bar.hidden = !masked;
  }

  choose("brush");
  return { root, begin, paintMiddle, show, get mask() { return mask; } };
}
