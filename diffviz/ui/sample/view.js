// The player of the Sample tab: keeps the frames of a run as they come, plays and scrubs them.
//
// A run has lanes (one, or up to three in a race) of steps + 1 frames; a frame has three views,
// x_t, x̂0 and ε̂, as bytes (count × C × H × W). Nothing is asked of the server to show any of them.

import { make } from "../lib/dom.js";
import { bytes, paint, tile } from "../lib/pixels.js";
import { store } from "../lib/store.js";
import { factsPanel } from "./facts.js";
import { glanceStrip } from "./glance.js";
import { nearestPanel } from "./nearest.js";

const VIEWS = { x: "x_t", x0: "x̂0", eps: "ε̂" };
const VIEW_HINTS = {
  x: "the noisy picture, before this step",
  x0: "the picture that the network sees in it",
  eps: "the noise that the network sees in it",
};
const SLOWEST = 1000; // milliseconds a frame, where several that came together are walked through

export function mount(element, view) {
  const player = new Player(element.querySelector(".live-view"), view.trigger, view.server);
  const take = () => view.props.value && player.take(JSON.parse(view.props.value));
  view.watch("value", take);
  if (view.props.value) take();
  else view.trigger("ready");
  const heed = (wanted) => (wanted === "asked" ? view.trigger("run") : player.stopped());
  store.watch("sampling", heed);
  if (store.get("sampling") === "asked") heed("asked"); // before this module was here
}

class Player {
  constructor(root, trigger, server) {
    this.root = root;
    this.trigger = trigger;
    this.nearest = nearestPanel(server);
    this.run = null;
    this.view = "x";
    this.position = 0;
    this.held = false; // the visitor chose a position: new frames and runs do not move it
    this.playing = null;
    this.following = null;
    this.taken = 0; // when the last message came
    this.build();
  }

  build() {
    this.status = make("p", { className: "player-status muted", "aria-live": "polite" });
    this.words = make("p", { className: "player-words" });
    this.lanes = make("div", { className: "player-lanes" });
    this.views = make("div", { className: "segments", role: "group", "aria-label": "What is shown" });
    for (const [name, label] of Object.entries(VIEWS)) {
      const button = make("button", { type: "button", textContent: label, title: VIEW_HINTS[name] });
      button.dataset.view = name;
      button.onclick = () => this.show(name);
      this.views.append(button);
    }
    this.scrubber = make("input", {
      type: "range", min: 0, max: 0, value: 0, className: "player-scrubber", "aria-label": "Step",
    });
    this.scrubber.oninput = () => this.hold(Number(this.scrubber.value));
    this.play = make("button", { type: "button", className: "round", title: "Play or pause" });
    this.play.onclick = () => this.toggle();
    const step = (by, label, title) =>
      make("button", { type: "button", textContent: label, title,
        onclick: () => this.hold(this.position + by) });
    this.speed = make("select", { "aria-label": "Speed" });
    for (const fps of [2, 5, 10, 20, 40])
      this.speed.append(make("option", { value: fps, textContent: `${fps} steps/s`, selected: fps === 10 }));
    this.speed.onchange = () => this.playing && this.start();
    const transport = make("div", { className: "player-transport" },
      step(-1, "‹", "One step back"), this.play, step(1, "›", "One step on"),
      this.scrubber, this.speed);
    this.facts = factsPanel();
    this.glance = glanceStrip((index) => this.hold(index));
    const files = make("div", { className: "player-files" }, make("span", { className: "muted", textContent: "Take it home:" }));
    for (const [format, label] of [["gif", "GIF"], ["mp4", "MP4"], ["strip", "PNG strip"], ["code", "Python code"]])
      files.append(make("button", { type: "button", textContent: label,
        onclick: () => this.trigger("export", { format, view: this.view }) }));
    this.root.append(
      make("div", { className: "player-head" }, this.views, this.status),
      this.words, this.lanes, transport, this.facts.equation, this.facts.root,
      this.glance.root, files, this.nearest.root);
    this.show("x");
    this.setPlaying(null);
    new MutationObserver(() => this.draw()).observe(document.body, { attributeFilter: ["class"] });
  }

  /** A message of the server's: {run, events}. */
  take(message) {
    for (const event of message.events) {
      if (event.kind === "waiting") return this.wait(event.number);
      if (event.kind === "start") this.begin(message, event);
      else if (!this.run || this.run.number !== message.run) continue;
      else if (event.kind === "frame") this.add(event);
      else if (event.kind === "end") this.run.lanes[event.lane].fingerprint = event.fingerprint;
    }
    if (this.run) this.nearest.update(this.run);
    if (message.recorded) {
      this.held = false;
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.start(0);
    }
    if (this.run && !this.run.recorded && !this.held && !this.playing) this.follow();
    this.draw();
  }

  /** Others are before us; what was shown stays, and may still be playing. */
  wait(number) {
    this.root.dataset.waiting = number;
    this.drawStatus();
  }

  begin(message, event) {
    delete this.root.dataset.waiting;
    this.pause();
    this.run = { ...event, number: message.run, recorded: message.recorded, stopped: false };
    const { shape: [channels, height, width] } = event;
    this.columns = event.columns;
    this.words.textContent = event.words;
    this.size = { channels, height, width };
    this.run.lanes = event.lanes.map((label) => ({ label, frames: [] }));
    this.lanes.replaceChildren(...this.run.lanes.map((lane, i) => {
      lane.canvas = make("canvas", { className: "picture", role: "img", id: i ? `sample-canvas-${i + 1}` : "sample-canvas" });
      lane.caption = make("figcaption", { className: "number" });
      const headings = make("div", { className: "player-headings" },
        ...event.headings.map((heading) => make("span", { textContent: heading })));
      headings.style.gridTemplateColumns = `repeat(${event.columns}, minmax(0, 1fr))`;
      return make("figure", {}, headings, lane.canvas, lane.caption);
    }));
    this.lanes.dataset.count = this.run.lanes.length;
    this.lanes.classList.toggle("wide", event.headings.length > 4);
    this.root.dataset.run = message.run;
    this.root.dataset.frames = 0;
    this.scrubber.max = event.steps;
    this.glance.begin(this.run);
    if (!this.held) this.position = 0;
    this.position = Math.min(this.position, event.steps);
  }

  add(frame) {
    const lane = this.run.lanes[frame.lane];
    for (const name of Object.keys(VIEWS)) frame[name] = bytes(frame[name]);
    lane.frames[frame.index] = frame;
    this.root.dataset.frames = this.run.lanes.reduce((sum, l) => sum + l.frames.length, 0);
  }

  get last() {
    return this.run ? Math.max(0, ...this.run.lanes.map((lane) => lane.frames.length - 1)) : 0;
  }

  get complete() {
    return this.run && this.run.lanes.every((lane) => lane.frames.length > this.run.steps);
  }

  /** On to the newest frame. Where the server is busy, several come together: these one by one,
   * in as long as they were awaited. */
  follow() {
    clearInterval(this.following);
    const now = performance.now();
    const behind = this.last - this.position;
    const pace = Math.min(SLOWEST, (now - this.taken) / Math.max(1, behind));
    this.taken = now;
    if (behind <= 1) return this.seek(this.last);
    this.following = setInterval(() => {
      if (this.position < this.last) this.seek(this.position + 1);
      else clearInterval(this.following);
    }, pace);
  }

  /** Stay at a step, also through runs to come. */
  hold(position) {
    this.pause();
    this.held = true;
    this.seek(position);
  }

  seek(position) {
    this.position = Math.min(Math.max(0, position), this.run?.steps ?? 0);
    this.draw();
  }

  show(view) {
    this.view = view;
    for (const button of this.views.children)
      button.setAttribute("aria-pressed", button.dataset.view === view);
    this.draw();
  }

  toggle() {
    if (this.playing) this.hold(this.position);
    else this.start(this.position >= this.last ? 0 : this.position);
  }

  start(from = this.position) {
    this.pause();
    this.held = false;
    this.seek(from);
    const timer = setInterval(() => {
      if (this.position < this.last) this.seek(this.position + 1);
      else if (this.run?.recorded && !this.run.rested) this.rest();
      else if (this.complete || this.run?.stopped) this.pause();
    }, 1000 / Number(this.speed.value));
    this.setPlaying(timer);
  }

  /** The opening film starts over after a while, so that the page is alive. */
  rest() {
    this.run.rested = true;
    setTimeout(() => {
      if (!this.run?.recorded) return;
      this.run.rested = false;
      if (this.playing) this.seek(0);
    }, 2000);
  }

  pause() {
    clearInterval(this.following);
    clearInterval(this.playing);
    this.setPlaying(null);
  }

  setPlaying(timer) {
    this.playing = timer;
    this.play.textContent = timer ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", timer ? "Pause" : "Play");
  }

  stopped() {
    delete this.root.dataset.waiting;
    if (!this.run) return;
    this.run.stopped ||= !this.complete;
    this.draw();
  }

  /** The frame of a lane at the scrubber, or the newest there is before it. */
  frame(lane) {
    return lane.frames[Math.min(this.position, lane.frames.length - 1)];
  }

  draw() {
    if (!this.run) return;
    this.scrubber.value = this.position;
    for (const lane of this.run.lanes) {
      const frame = this.frame(lane);
      if (frame) this.drawLane(lane, frame);
    }
    const frame = this.frame(this.run.lanes[0]);
    if (frame) {
      this.drawStatus(frame.index);
      this.facts.draw(this.run, frame);
    }
    this.glance.draw(this.run, this.view, this.position);
  }

  drawLane(lane, frame) {
    const sheet = tile(frame[this.view], this.run.count, this.columns, this.size);
    paint(lane.canvas, sheet.planes, this.size.channels, sheet.height, sheet.width);
    lane.canvas.dataset.t = frame.t;
    lane.canvas.dataset.index = frame.index;
    lane.canvas.setAttribute("aria-label", `${VIEWS[this.view]} at t = ${frame.t}, ${lane.label}`);
    const ended = frame.index === this.run.steps;
    lane.caption.replaceChildren(
      make("strong", { textContent: lane.label }),
      ` ${frame.evaluations} network evaluations · ${frame.seconds.toFixed(2)} s`,
      ended && lane.fingerprint ? make("code", { textContent: lane.fingerprint, title: "Fingerprint of the result: the exported code prints the same" }) : "");
  }

  drawStatus(index) {
    const number = this.root.dataset.waiting;
    if (number) {
      this.status.textContent = `diffviz is busy: you are number ${number} in line`;
      return;
    }
    const { steps, recorded, stopped, outside } = this.run;
    const state = recorded ? "a recorded run · " : stopped ? "stopped · " : this.complete ? "" : "sampling · ";
    const place = index < steps ? `step ${index + 1} of ${steps}` : `done after ${steps} steps`;
    const beyond = outside ? ` · ${outside === 1 ? "one step is" : `${outside} steps are`} outside the noise this network was trained on` : "";
    this.status.textContent = state + place + beyond;
  }
}
