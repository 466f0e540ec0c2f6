// The Train tab's live view: one's trainings, one of them watched, and what its owner may do.

import { make, terms } from "../lib/dom.js";
import { duration, thousands } from "../lib/text.js";
import { levelPlot, lossPlot, plotFigure } from "./losses.js";
import { ownerToken } from "./owner.js";
import { isTraining, linkedTraining, linkTo } from "../lib/link.js";
import { root as served } from "../lib/root.js";
import { Sheets } from "./sheets.js";
import { Watch } from "./watch.js";

/** @import { LiveView } from "../lib/types.d.ts" */
/** @import { Action, Job, State, Status, TrainServer } from "./types.d.ts" */
/** @typedef {LiveView<TrainServer, { recorded: string }>} View */

/** @type {Record<State, Action[]>} */
const ACTIONS = {
  running: ["pause", "stop"],
  queued: ["pause", "stop"],
  paused: ["resume", "stop", "delete"],
  stopped: ["resume", "delete"],
  failed: ["resume", "delete"],
  finished: ["delete"],
};
const WORDS = { pause: "Pause", resume: "Go on", stop: "Stop", delete: "Delete" };
const DOING = { pause: "pausing", stop: "stopping", delete: "being deleted" };

/** @param {HTMLElement} element @param {View} view */
export function mount(element, view) {
  const train = new Train(/** @type {HTMLElement} */ (element.querySelector(".live-view")), view);
  const take = () => view.props.value && train.show(JSON.parse(view.props.value).watch);
  view.watch("value", take);
  if (view.props.value) take();
  else train.open(linkedTraining());
}

class Train {
  /** @param {HTMLElement} root @param {View} view */
  constructor(root, { server, trigger, props }) {
    this.root = root;
    this.server = server;
    this.trigger = trigger;
    this.recorded = props.recorded;
    this.token = ownerToken();
    /** @type {Job[]} */
    this.jobs = [];
    /** @type {Status | null} */
    this.status = null;
    /** @type {Watch | null} */
    this.watching = null;
    this.play = false; // the recorded training, once it is there
    this.visible = true;

    this.list = make("div", { className: "train-jobs", role: "group", "aria-label": "Your trainings" });
    this.title = make("strong", { className: "train-title" });
    this.state = make("span", { className: "train-state", "aria-live": "polite" });
    this.bar = make("progress", { max: 1, value: 0, "aria-label": "Progress" });
    this.numbers = make("dl", { className: "train-numbers number" });
    this.message = make("p", { className: "train-message", role: "alert", hidden: true });
    this.buttons = make("div", { className: "player-files" });
    this.credit = make("p", { className: "muted train-credit" });
    this.sheets = new Sheets((images) => {
      this.loss.move(images);
      if (this.status) this.levels.update(this.status.points, this.status.ratios, images);
    });
    this.loss = lossPlot((images) => this.sheets.pick(images));
    this.levels = levelPlot();
    this.plots = make("div", { className: "train-plots" },
      plotFigure("Loss", "smoothed; as measured, faint", this.loss),
      plotFigure("By noise level", "now; at first, faint", this.levels));
    this.root.append(this.list,
      make("div", { className: "player-head" }, this.title, this.state),
      this.bar, this.numbers, this.message, this.buttons, this.sheets.root, this.plots, this.credit);
    new IntersectionObserver(([entry]) => {
      this.visible = entry.isIntersecting;
      this.watching?.look();
    }).observe(root);
  }

  /** What is seen at first: the linked training, one's newest, or the recorded one. @param {string | null} linked */
  async open(linked) {
    await this.refresh();
    this.watch(linked ?? this.jobs[0]?.id ?? this.recorded, !linked && !this.jobs.length);
  }

  async refresh() {
    const answer = await this.server.owned({ token: this.token }).catch(() => null);
    this.jobs = answer?.jobs ?? [];
    this.drawList();
    if (this.status) this.drawButtons();
  }

  /** One that was just started: beside long settings this may be out of sight. @param {string} job */
  show(job) {
    this.watch(job);
    const { top, bottom } = this.root.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) this.root.scrollIntoView();
  }

  /** @param {string | null | undefined} job @param {boolean} [play] */
  watch(job, play = false) {
    this.watching?.stop();
    this.status = null;
    this.play = play;
    const known = isTraining(job);
    this.sheets.reset(known && job ? job : null);
    this.say("");
    this.root.dataset.job = known ? String(job) : "";
    if (!job) return;
    if (!known) return this.gone(job);
    if (!this.jobs.some((own) => own.id === job)) this.refresh();
    this.watching = new Watch(job, {
      onStatus: (status) => this.take(status),
      onGone: () => this.gone(job),
      seen: () => this.visible && document.visibilityState === "visible",
    });
    this.drawList();
  }

  /** @param {string} job */
  gone(job) {
    this.say("This training is gone: it was deleted, or the link is wrong.");
    this.jobs = this.jobs.filter((own) => own.id !== job);
    for (const part of [this.sheets.root, this.plots, this.bar]) part.hidden = true;
    for (const part of [this.title, this.state, this.numbers, this.buttons, this.credit]) part.replaceChildren();
    this.drawList();
  }

  /** @param {Status} status */
  take(status) {
    const before = this.status;
    this.status = status;
    Object.assign(this.root.dataset, { state: status.state, images: status.images, sheets: status.sheets.length });
    const own = this.jobs.find((job) => job.id === status.id);
    if (own) Object.assign(own, { state: status.state, fraction: status.fraction, position: status.position });
    this.title.textContent = status.recorded ? `A recorded training: ${status.title}` : status.title;
    this.state.textContent = stateWords(status);
    this.bar.hidden = false;
    this.bar.value = status.fraction;
    this.numbers.replaceChildren(...terms([
      ["pictures seen", thousands(status.images)],
      ["pictures a second", status.speed ? thousands(Math.round(status.speed)) : "–"],
      ["trained for", duration(status.seconds)],
      ["time left", status.state === "running" && status.left !== null ? duration(status.left) : "–"],
      ["loss", status.points.length ? status.points[status.points.length - 1][1].toFixed(4) : "–"],
    ]));
    this.say(status.state === "failed" ? `Training failed: ${status.message}.` : "");
    this.credit.textContent = status.credit ? `Pictures: ${status.credit}` : "";
    this.plots.hidden = !status.points.length;
    this.sheets.update(status);
    this.loss.update(status.points);
    this.loss.move(this.sheets.images ?? status.images);
    this.levels.update(status.points, status.ratios, this.sheets.images ?? status.images);
    if (before?.state !== status.state || before?.wish !== status.wish || before?.sheets.length !== status.sheets.length)
      this.drawButtons();
    if (before?.state !== status.state) this.drawList();
    if (this.play && status.recorded && !matchMedia("(prefers-reduced-motion: reduce)").matches)
      this.sheets.timeline.play(0);
    this.play = false;
  }

  get owns() {
    return this.jobs.some((job) => job.id === this.status?.id);
  }

  drawButtons() {
    const { status } = this;
    if (!status) return;
    /** @param {string} text @param {(event: MouseEvent) => void} onclick */
    const button = (text, onclick) => make("button", { type: "button", textContent: text, onclick });
    const parts = [];
    if (this.owns) {
      if (status.wish) parts.push(make("span", { className: "muted", textContent: `${DOING[status.wish]} …` }));
      else
        for (const action of ACTIONS[status.state]) {
          const asks = button(WORDS[action], () => this.ask(action));
          asks.dataset.action = action;
          parts.push(asks);
        }
    }
    if ((this.owns || status.shared) && status.sheets.length) {
      const use = button("Use in Sample", () => this.trigger("use", { job: status.id, token: this.token }));
      use.dataset.action = "use";
      parts.push(use, button("Download", () => this.download()));
    }
    if (!status.recorded) parts.push(button("Link to watch", (event) => this.share(/** @type {HTMLElement} */ (event.target))));
    this.buttons.replaceChildren(...parts);
  }

  /** @param {Action} action */
  async ask(action) {
    if (action === "delete" && !confirm("Delete this training and all that it has learned?")) return;
    if (!this.status) return;
    const job = this.status.id;
    const answer = await this.server.ask({ job, token: this.token, action }).catch(() => null);
    if (!answer || answer.error) return this.say(answer?.error ?? "The server does not answer.");
    if (answer.gone) return this.gone(job);
    this.watching?.now();
  }

  async download() {
    if (!this.status) return;
    const answer = await fetch(`${served()}/train/${this.status.id}/denoiser.zip`, { headers: { "X-Owner": this.token } });
    if (!answer.ok) return this.say("There is nothing to download yet.");
    const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "denoiser.zip";
    const address = URL.createObjectURL(await answer.blob());
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  /** @param {HTMLElement} button */
  async share(button) {
    if (!this.status) return;
    const link = `${location.origin}${served()}/${linkTo(this.status.id)}`;
    const copied = await navigator.clipboard?.writeText(link).then(() => true, () => false);
    if (copied) button.textContent = "Link copied";
    else prompt("Who has this link may watch:", link);
  }

  /** @param {string} sentence */
  say(sentence) {
    this.message.textContent = sentence;
    this.message.hidden = !sentence;
  }

  drawList() {
    const chips = this.jobs.map((job) => {
      const chip = make("button", { type: "button", onclick: () => this.watch(job.id) },
        job.title, make("span", { className: "muted", textContent: ` ${job.state}` }));
      chip.setAttribute("aria-pressed", String(job.id === this.root.dataset.job));
      return chip;
    });
    this.list.replaceChildren(...(chips.length > 1 ? chips : []));
  }
}

/** @param {Status} status */
function stateWords({ state, wish, position, recorded }) {
  if (recorded) return "";
  if (wish) return `${state}, ${DOING[wish]}`;
  if (state === "queued") return position === 1 ? "next in the queue" : `number ${position} in the queue`;
  return state;
}
