// Points of one's own: set with brush, spray and eraser, or by the keyboard, or of a picture's dark
// pixels.

import { make } from "../lib/dom.js";
import { context2d } from "../lib/pixels.js";
import { segments } from "../lib/segments.js";
import { counted } from "../lib/text.js";
import { REACH } from "./stage.js";

/** @import { PlaneServer } from "./types.d.ts" */

const SIZE = 640; // pixels of the canvas
const APART = 0.12; // of the brush's points
const WIDE = 0.35; // radius of spray and eraser
const SPRAYED = 6; // points of the spray at each move
const PICTURE = 128; // pixels of a picture's longer side, as it is looked at
const STEP = { near: 0.05, far: 0.25 }; // of the arrow keys, with Shift and without
const KEYS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] });
const TOOLS = { brush: "Brush", spray: "Spray", eraser: "Eraser" };

/** Points that somebody sets, in the plane's own numbers. */
export class Drawing {
  /** @param {number} most how many there may be */
  constructor(most) {
    this.most = most;
    /** @type {[number, number][]} */
    this.points = [];
    this.tool = /** @type {keyof typeof TOOLS} */ ("brush");
    this.cursor = /** @type {[number, number]} */ ([0, 0]);
    /** @type {[number, number] | null} where the brush was last */
    this.last = null;
  }

  /** @param {number} x @param {number} y */
  set(x, y) {
    if (this.points.length >= this.most || Math.abs(x) > REACH || Math.abs(y) > REACH) return;
    this.points.push([Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000]);
  }

  /** @param {number} x @param {number} y @param {number} [radius] */
  erase(x, y, radius = WIDE) {
    this.points = this.points.filter(([u, v]) => Math.hypot(u - x, v - y) > radius);
  }

  /** The pointer is down at a place, or is dragged there. @param {number} x @param {number} y @param {() => number} [random] */
  move(x, y, random = Math.random) {
    if (this.tool === "eraser") return this.erase(x, y);
    if (this.tool === "spray") {
      for (let k = 0; k < SPRAYED; k++) {
        const [angle, far] = [2 * Math.PI * random(), WIDE * Math.sqrt(random())];
        this.set(x + far * Math.cos(angle), y + far * Math.sin(angle));
      }
      return;
    }
    // As many as lie between, however fast the pointer goes.
    const from = this.last ?? [x, y];
    const long = Math.hypot(x - from[0], y - from[1]);
    if (this.last && long < APART) return;
    for (let k = this.last ? APART : 0; k <= long; k += APART) {
      const share = long ? k / long : 1;
      this.set(from[0] + share * (x - from[0]), from[1] + share * (y - from[1]));
    }
    this.last = [x, y];
  }

  /** A key moves the cursor, sets a point at it, or takes away what is near it; whether it was one of these. @param {string} key @param {boolean} fine */
  press(key, fine) {
    if (key in KEYS) {
      const by = fine ? STEP.near : STEP.far;
      this.cursor = /** @type {[number, number]} */ (this.cursor.map((value, axis) => Math.max(-REACH, Math.min(REACH, Math.round((value + by * KEYS[key][axis]) * 1000) / 1000))));
    } else if (key === "Enter") this.set(...this.cursor);
    else if (key === "Backspace" || key === "Delete") this.erase(...this.cursor, STEP.far);
    else return false;
    return true;
  }
}

/**
 * @param {{ fewest: number, most: number }} bounds of how many points there must be
 * @param {PlaneServer} server
 * @param {(places: number[]) => void} onUse x, y of each in turn
 */
export function drawingPanel({ fewest, most }, server, onUse) {
  const drawing = new Drawing(most);
  const canvas = make("canvas", { id: "plane-drawing", className: "plane-canvas", width: SIZE, height: SIZE, tabIndex: 0, role: "application" });
  const tools = segments({ label: "Tool", labels: TOOLS, onChoose: (name) => {
    drawing.tool = /** @type {keyof typeof TOOLS} */ (name);
    tools.update(name);
  } });
  const said = make("p", { className: "muted number", role: "status", id: "plane-drawing-said" });
  const use = make("button", { type: "button", id: "plane-drawing-use", className: "primary", onclick: () => onUse(drawing.points.flat()) }, "Use these points");
  const clear = make("button", { type: "button", onclick: () => {
    drawing.points = [];
    draw();
  } }, "Clear");
  const file = make("input", { type: "file", accept: "image/*", id: "plane-picture", className: "plane-upload" });
  const root = make("div", { className: "plane-stage plane-drawing", hidden: true }, canvas,
    make("div", { className: "plane-buttons" }, tools.root, use, clear, file, make("label", { className: "button", htmlFor: "plane-picture" }, "Points of a picture")),
    make("p", { className: "muted" }, "Draw with the pointer. Or by keyboard: arrows move the cross (with Shift a little), Enter sets a point, Backspace takes away what is near."), said);
  tools.update(drawing.tool);

  function draw() {
    const context = context2d(canvas);
    const look = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => look.getPropertyValue(name).trim() || "#888";
    const x = (/** @type {number} */ value) => ((value + REACH) / (2 * REACH)) * SIZE;
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = colour("--dv-accent");
    for (const [u, v] of drawing.points) context.fillRect(x(u) - 3, SIZE - x(v) - 3, 6, 6);
    const [u, v] = [x(drawing.cursor[0]), SIZE - x(drawing.cursor[1])];
    context.strokeStyle = colour("--dv-muted");
    context.beginPath();
    for (const [dx, dy] of [[10, 0], [0, 10]]) {
      context.moveTo(u - dx, v - dy);
      context.lineTo(u + dx, v + dy);
    }
    context.stroke();
    const count = drawing.points.length;
    use.disabled = count < fewest;
    const missing = count < fewest ? `; it takes at least ${fewest}` : count >= most ? "; there is no room for more" : "";
    said.textContent = `${counted(count, "point")}${missing}. The cross is at ${drawing.cursor.map((value) => value.toFixed(2)).join(", ")}.`.replaceAll("-", "−");
    canvas.setAttribute("aria-label", `A drawing of ${counted(count, "point")}`);
    canvas.dataset.points = String(count); // for tools
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const box = canvas.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width) * 2 * REACH - REACH;
    drawing.move(across, REACH - ((event.clientY - box.top) / box.height) * 2 * REACH);
    draw();
  }
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture?.(event.pointerId);
    drawing.last = null;
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && follow(event));
  canvas.addEventListener("keydown", (event) => {
    if (!drawing.press(event.key, event.shiftKey)) return;
    event.preventDefault();
    draw();
  });
  file.addEventListener("change", () => {
    open(file.files?.[0]);
    file.value = ""; // so that the same file can be chosen again
  });

  /** @param {Blob | undefined} blob */
  async function open(blob) {
    const picture = blob && (await createImageBitmap(blob, { imageOrientation: "from-image" }).catch(() => null));
    if (!picture) return void (said.textContent = "This browser cannot open that file as a picture.");
    const scale = Math.min(1, PICTURE / Math.max(picture.width, picture.height));
    const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
    const shown = make("canvas", { width, height });
    const context = context2d(shown);
    Object.assign(context, { fillStyle: "#fff", imageSmoothingQuality: "high" });
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const levels = greyOf(data);
    const answer = await server.dark({ width, height, levels: btoa(String.fromCharCode(...levels)) }).catch(() => null);
    if (!answer || answer.error !== undefined) return void (said.textContent = answer?.error ?? "The server does not answer; please try again.");
    drawing.points = pairs(answer.places);
    draw();
  }

  draw();
  return {
    root,
    /** Show it with these points. @param {number[]} [places] x, y of each in turn */
    show(places) {
      if (places) drawing.points = pairs(places);
      root.hidden = false;
      draw();
    },
    hide() {
      root.hidden = true;
    },
  };
}

/** How light each pixel is (ITU-R BT.601). @param {Uint8ClampedArray} data red, green, blue and alpha of each */
export function greyOf(data) {
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]));
}

/** @param {number[]} places @returns {[number, number][]} */
function pairs(places) {
  return Array.from({ length: places.length / 2 }, (_, i) => [places[2 * i], places[2 * i + 1]]);
}
