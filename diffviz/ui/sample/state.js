// What the Sample tab shows: a run with its frames as they come, and where its player stands.
//
// A run has lanes (one, or up to three in a race) of steps + 1 frames; a frame has three views,
// x_t, x̂0 and ε̂. Nothing is asked of the server to show any of them.

import { bytes } from "../lib/pixels.js";
import { Timeline } from "../lib/timeline.js";
import { decoded } from "../lib/views.js";

/** @import { View } from "../lib/views.js" */
/** @import { FewSteps, Frame, Lane, LookedUp, Measured, Message, Orders, Reference, Reworded, Start } from "./types.d.ts" */

const REST = 2000; // milliseconds after which the opening film starts over, so that the page is alive

const REWORDED = 3; // as it was, attention kept, sampled anew
export const MEASURED = ["reference", "orders", "few", "words", "reworded"]; // after a run, at a press

/** A run and all that came of it. */
export class Run {
  /** @param {Start} start @param {number} number @param {boolean} recorded */
  constructor(start, number, recorded) {
    this.start = start;
    this.number = number;
    this.recorded = recorded;
    this.stopped = false;
    /** @type {Lane[]} */
    this.lanes = start.lanes.map((label) => ({ label, frames: [] }));
    /** @type {Reference | null} */
    this.reference = null; // once it was asked for
    /** @type {Orders | null} */
    this.orders = null; // as well
    /** @type {FewSteps | null} */
    this.few = null; // likewise
    /** @type {LookedUp | null} */
    this.words = null;
    /** @type {Reworded | null} */
    this.reworded = null;
  }

  get frames() {
    return this.lanes.reduce((sum, lane) => sum + lane.frames.length, 0);
  }

  /** Frames of the lane that is ahead. */
  get arrived() {
    return Math.max(...this.lanes.map((lane) => lane.frames.length));
  }

  /** Which of them is under way; one at a time. @returns {Measured["kind"] | null} */
  get measuring() {
    const { reference, orders, few, words, reworded } = this;
    if (words && words.steps.length <= this.start.steps && !words.failed) return "words";
    if (reworded && reworded.made.length < REWORDED && !reworded.failed) return "reworded";
    if (reference && !reference.result && !reference.failed) return "reference";
    if (few && few.made.length <= (this.start.distilled?.few.length ?? 0) && !few.failed) return "few";
    return orders && !orders.curves && !orders.failed ? "orders" : null;
  }

  /** What is told of the one that is under way; of one that was stopped, nothing. @param {Measured} event */
  measured(event) {
    if (this.measuring !== event.kind) return false;
    if (event.kind === "reference") this.reference = event;
    else if (event.kind === "few") this.few = { ...event, made: [...(this.few?.made ?? []), ...(event.one ? [decoded(event.one)] : [])] };
    else if (event.kind === "words") {
      const { labels = [], steps = [] } = this.words ?? {};
      this.words = { labels, waiting: 0, ...event, steps: [...steps, ...(event.one ? [{ ...event.one, maps: bytes(event.one.maps) }] : [])] };
    } else if (event.kind === "reworded") this.reworded = { ...event, made: [...(this.reworded?.made ?? []), ...(event.one ? [decoded(event.one)] : [])] };
    else {
      const { runs } = /** @type {Orders} */ (this.orders);
      this.orders = { ...this.orders, waiting: 0, ...event, runs: [...runs, ...(event.one ? [event.one] : [])] };
    }
    return true;
  }

  get complete() {
    return this.lanes.every((lane) => lane.frames.length > this.start.steps);
  }
}

export class SampleState {
  /**
   * @param {(...what: string[]) => void} change says that "run", "frames", "status", "position", "view" or one of MEASURED changed
   * @param {() => void} now paints at once
   */
  constructor(change, now) {
    this.change = change;
    /** @type {Run | null} */
    this.run = null;
    this.waiting = 0; // one's number in the line
    /** @type {View} */
    this.view = "x";
    this.timeline = new Timeline({
      onChange: (chosen) => {
        change("position");
        if (chosen) now();
      },
    });
  }

  /** The frame of a lane at the player's position, or the newest there is before it. @param {Lane} lane @returns {Frame | undefined} */
  frame(lane) {
    return lane.frames[Math.min(this.timeline.position, lane.frames.length - 1)];
  }

  /** @param {View} view */
  show(view) {
    this.view = view;
    this.change("view");
  }

  /** A message of the server's. @param {Message} message */
  take({ run: number, recorded = false, events }) {
    for (const event of events) {
      if (event.kind === "waiting") {
        this.waiting = event.number; // what was shown stays, and may still be playing
        return this.change("status");
      }
      if (event.kind === "start") this.begin(new Run(event, number, recorded));
      else if (this.run?.number !== number) continue; // of a run that another has replaced
      else if (event.kind === "frame") this.run.lanes[event.lane].frames[event.index] = decoded(event);
      else if (event.kind !== "end") {
        if (this.run.measured(event)) this.change(event.kind);
      } else Object.assign(this.run.lanes[event.lane], { fingerprint: event.fingerprint, result: event.result });
    }
    if (this.run?.number !== number || events.every(({ kind }) => MEASURED.includes(kind))) return;
    this.change("frames");
    if (recorded) this.film();
    else this.timeline.arrive(this.run.arrived);
    if (this.run.complete) this.timeline.end();
  }

  /** @param {Run} run */
  begin(run) {
    this.run = run;
    this.waiting = 0;
    this.timeline.begin(run.start.steps + 1);
    this.change("run");
  }

  /** All of a recorded run is there: play it over and over. */
  film() {
    const { timeline } = this;
    Object.assign(timeline, { held: false, arrived: timeline.length, loop: REST });
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) timeline.seek(timeline.last);
    else timeline.play(0);
  }

  /** The visitor stopped it. */
  stop() {
    this.waiting = 0;
    if (this.run) {
      this.run.stopped ||= !this.run.complete;
      this.timeline.end();
    }
    this.change("status");
  }
}
