// A picture of the plane: density, field, paths, points, as far as they are wanted, drawn anew at each
// paint; what does not change with t is kept.

import { make } from "../lib/dom.js";
import { context2d, countPaint } from "../lib/pixels.js";
import { Shade, contours } from "./density.js";
import { Field } from "./fields.js";

/** @import { PlaneState } from "./state.js" */
/** @import { Points } from "./types.d.ts" */

export const REACH = 3; // of both axes, in each direction
const ARROWS = 24; // in a row
const CELLS = { moving: 64, rest: 128 }; // of the density, in a row
const MOST_SHARP = 2; // pixels of the canvas for one of the page
const STRAIGHT_STEPS = 32;
const COLOURS = ["--dv-accent", "--dv-accent-2", "--dv-accent-3", "--dv-accent-4", "--dv-accent-5"];

export class Stage {
  /** @param {PlaneState} state @param {number} lane @param {(sample: number) => void} onPick */
  constructor(state, lane, onPick) {
    this.state = state;
    this.lane = lane;
    this.canvas = make("canvas", { className: "plane-canvas", id: lane ? "plane-canvas-2" : "plane-canvas", role: "img", tabIndex: 0 });
    this.title = make("figcaption", { className: "plane-title" });
    this.root = make("figure", { className: "plane-stage" }, this.canvas, this.title);
    this.field = new Field(ARROWS, REACH);
    this.shade = new Shade();
    this.paths = make("canvas");
    this.pathsOf = "";
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * 2 * REACH - REACH;
      const y = REACH - ((event.clientY - box.top) / box.height) * 2 * REACH;
      onPick(state.nearest(x, y, lane));
    });
  }

  /** From the plane to pixels. @param {number} value */
  x = (value) => ((value + REACH) / (2 * REACH)) * this.canvas.width;
  /** @param {number} value */
  y = (value) => ((REACH - value) / (2 * REACH)) * this.canvas.height;

  /** Fit the canvas to its place on the page; whether there is any. */
  fit() {
    const { canvas } = this;
    const wide = Math.round(canvas.clientWidth * Math.min(MOST_SHARP, window.devicePixelRatio || 1));
    if (!wide) return false;
    if (canvas.width !== wide || canvas.height !== wide) canvas.width = canvas.height = wide;
    return true;
  }

  /** @param {boolean} resting whether there is time for more detail */
  draw(resting) {
    if (!this.fit()) return;
    const { state, canvas } = this;
    const { views, cloud } = state;
    const context = context2d(canvas);
    const look = getComputedStyle(canvas);
    this.colours = COLOURS.map((name) => look.getPropertyValue(name).trim() || "#888");
    const muted = look.getPropertyValue("--dv-muted").trim();
    const line = look.getPropertyValue("--dv-line").trim();
    this.scale = canvas.width / (canvas.clientWidth || canvas.width);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const level = state.level();
    if (views.density !== "none") this.drawDensity(context, level, resting);
    context.lineWidth = this.scale;
    context.strokeStyle = line;
    context.beginPath();
    for (const [from, to] of [[[-REACH, 0], [REACH, 0]], [[0, -REACH], [0, REACH]]]) {
      context.moveTo(this.x(from[0]), this.y(from[1]));
      context.lineTo(this.x(to[0]), this.y(to[1]));
    }
    context.stroke();
    if (views.data && cloud) this.drawPoints(context, cloud.points, null, [muted], 1.1, 0.35);
    if (views.field !== "none") {
      this.field.update(views.of, state.denoiser, state.exact, level, state.kind);
      context.strokeStyle = muted;
      context.lineWidth = 1.1 * this.scale;
      this.field[views.field](context, this.x, this.y);
    }
    if (views.paths !== "none") this.drawPaths(context);
    if (views.straight) this.drawStraight(context);
    if (state.branches && !this.lane) this.drawBranches(context, state.branches);
    const places = state.places(this.lane);
    if (views.guesses) this.drawGuesses(context, places, level);
    if (views.points) this.drawPoints(context, places, state.kinds, this.colours, 1.2 + 20 / Math.sqrt(places.length), 0.85);
    this.drawChosen(context, places);
    canvas.dataset.t = String(state.time);
    countPaint(canvas);
  }

  /** @param {CanvasRenderingContext2D} context @param {import("./types.d.ts").Level} level @param {boolean} resting */
  drawDensity(context, level, resting) {
    const { state, canvas } = this;
    const side = resting ? CELLS.rest : CELLS.moving;
    const density = state.mixture?.density(level, side, REACH, state.mixture.means[state.kind] ? state.kind : 0);
    if (!density) return;
    if (state.views.density === "shade") {
      this.shade.update(density, side, rgb(context, this.colours?.[0] ?? "#888"));
      context.drawImage(this.shade.canvas, 0, 0, canvas.width, canvas.height);
    } else {
      context.strokeStyle = this.colours?.[0] ?? "#888";
      context.lineWidth = 1.2 * (this.scale ?? 1);
      const cell = canvas.width / side;
      contours(context, density, side, (column) => (column + 0.5) * cell, (row) => canvas.height - (row + 0.5) * cell);
    }
  }

  /**
   * Squares, and circles where there are few.
   * @param {CanvasRenderingContext2D} context @param {Points} places @param {Uint8Array | null} kinds in turn
   * @param {string[]} colours @param {number} radius @param {number} opacity
   */
  drawPoints(context, places, kinds, colours, radius, opacity) {
    const r = radius * (this.scale ?? 1);
    const round = places.length < 1000;
    context.globalAlpha = opacity;
    const classes = kinds ? Math.max(...kinds) + 1 : 1;
    for (let kind = 0; kind < classes; kind++) {
      context.fillStyle = colours[kind % colours.length];
      context.beginPath();
      for (let i = 0; i < places.length; i += 2) {
        if (kinds && kinds[(i / 2) % kinds.length] !== kind) continue;
        const [x, y] = [this.x(places[i]), this.y(places[i + 1])];
        if (round) {
          context.moveTo(x + r, y);
          context.arc(x, y, r, 0, 2 * Math.PI);
        } else context.rect(x - r, y - r, 2 * r, 2 * r);
      }
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /** The ways of all samples, kept until there is another run. @param {CanvasRenderingContext2D} context */
  drawPaths(context) {
    const { state, canvas, paths } = this;
    const { states = [] } = state.lanes[this.lane] ?? {};
    const some = state.views.paths === "chosen" ? [...state.chosen] : null;
    const key = [state.lanes[this.lane]?.label, states.length, states[0]?.[0], states.at(-1)?.[0], canvas.width, some, this.colours].join();
    if (key !== this.pathsOf) {
      this.pathsOf = key;
      paths.width = paths.height = canvas.width; // which clears it, too
      const on = context2d(paths);
      on.strokeStyle = this.colours?.[0] ?? "#888";
      on.lineWidth = (some ? 1.6 : 0.7) * (this.scale ?? 1);
      on.globalAlpha = some ? 0.9 : Math.max(0.08, Math.min(0.6, 40 / Math.max(1, state.count)));
      for (const sample of some ?? Array(state.count).keys()) {
        on.beginPath();
        for (const places of states) on.lineTo(this.x(places[2 * sample]), this.y(places[2 * sample + 1]));
        on.stroke();
      }
    }
    context.drawImage(paths, 0, 0);
  }

  /** Ways not taken, and where they are now. @param {CanvasRenderingContext2D} context @param {import("./types.d.ts").Branches} branches */
  drawBranches(context, { place, states }) {
    context.strokeStyle = this.colours?.[3] ?? "#888";
    context.lineWidth = 1.2 * (this.scale ?? 1);
    context.globalAlpha = 0.6;
    for (let at = 0; at < states[0].length; at += 2) {
      context.beginPath();
      for (const places of states) context.lineTo(this.x(places[at]), this.y(places[at + 1]));
      context.stroke();
    }
    context.globalAlpha = 1;
    const now = states[Math.min(this.state.step - place, states.length - 1)];
    if (now) this.drawPoints(context, now, null, [this.colours?.[3] ?? "#888"], 3, 1);
  }

  /** From data to noise as each sample is drowned. @param {CanvasRenderingContext2D} context */
  drawStraight(context) {
    const { state } = this;
    const { T } = state.schedule;
    const ways = Array.from({ length: STRAIGHT_STEPS + 1 }, (_, k) => state.drowned(Math.round((T * k) / STRAIGHT_STEPS)));
    const samples = state.chosen.size ? [...state.chosen] : Array(Math.min(60, state.count)).keys();
    context.strokeStyle = this.colours?.[1] ?? "#888";
    context.lineWidth = this.scale ?? 1;
    context.globalAlpha = state.chosen.size ? 0.9 : 0.4;
    for (const sample of samples) {
      context.beginPath();
      for (const places of ways) context.lineTo(this.x(places[2 * sample]), this.y(places[2 * sample + 1]));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** A line from each sample to its x̂0. @param {CanvasRenderingContext2D} context @param {Float32Array} places @param {import("./types.d.ts").Level} level */
  drawGuesses(context, places, level) {
    const guesses = new Float64Array(places.length);
    this.state.denoiser.guess(places, level, this.state.kind, guesses);
    context.strokeStyle = context.fillStyle = this.colours?.[2] ?? "#888";
    context.globalAlpha = Math.max(0.1, Math.min(0.6, 60 / (places.length / 2)));
    context.lineWidth = this.scale ?? 1;
    context.beginPath();
    for (let i = 0; i < places.length; i += 2) {
      context.moveTo(this.x(places[i]), this.y(places[i + 1]));
      context.lineTo(this.x(guesses[i]), this.y(guesses[i + 1]));
    }
    context.stroke();
    this.drawPoints(context, guesses, null, [this.colours?.[2] ?? "#888"], 1 + 12 / Math.sqrt(places.length), 0.9);
  }

  /** @param {CanvasRenderingContext2D} context @param {Float32Array} places */
  drawChosen(context, places) {
    context.strokeStyle = this.colours?.[1] ?? "#888";
    context.lineWidth = 2 * (this.scale ?? 1);
    context.beginPath();
    for (const sample of this.state.chosen) {
      const [x, y, r] = [this.x(places[2 * sample]), this.y(places[2 * sample + 1]), 5 * (this.scale ?? 1)];
      context.moveTo(x + r, y);
      context.arc(x, y, r, 0, 2 * Math.PI);
    }
    context.stroke();
  }
}

/** A colour as numbers. @param {CanvasRenderingContext2D} context @param {string} colour @returns {[number, number, number]} */
function rgb(context, colour) {
  context.fillStyle = colour;
  const hex = String(context.fillStyle); // browsers write it as #rrggbb
  return /** @type {[number, number, number]} */ ([1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
}
