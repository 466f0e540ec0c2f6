// What the 2-D tab shows: the cloud, the denoisers, the run, and where on its way it stands.

import { bytes, float16 } from "../lib/pixels.js";
import { makeSchedule, norm } from "../lib/schedules.js";
import { Guided, Mixture, Network } from "./denoise.js";

/** @import { Branches, Cloud, CloudSent, Denoiser, Facts, Lane, LaneEnd, Level, NetworkSent, PlaneMessage, Views } from "./types.d.ts" */
/** @import { Schedule } from "../lib/types.d.ts" */

export const FORWARD = 60; // places of the slider on the way into the noise
const CERTAIN = 1e-3; // of σ: what is nearer to the data is drawn as being there

export class PlaneState {
  /** @param {Facts} facts */
  constructor(facts) {
    this.facts = facts;
    /** @type {Cloud | null} */
    this.cloud = null;
    /** @type {Record<string, any>} the settings of a run, as the controls have them */
    this.settings = {};
    /** @type {Views} */
    this.views = { points: true, data: true, guesses: false, paths: "none", straight: false, field: "arrows", of: "velocity", density: "none" };
    /** @type {Schedule} */
    this.schedule = makeSchedule("cosine", 1000, { s: 0.008 });
    /** @type {Set<number>} samples that were clicked */
    this.chosen = new Set();
    /** @type {Network | null} the learned denoiser that is chosen */
    this.network = null;
    /** @type {Denoiser} */
    this.exact = new Mixture(new Float32Array(2), 1, null);
    /** @type {Denoiser} */
    this.denoiser = this.exact;
    /** @type {number[]} of the run's states */
    this.t = [];
    /** @type {Lane[]} */
    this.lanes = [];
    /** @type {LaneEnd[]} */
    this.ends = [];
    /** @type {Float32Array | null} ε of each sample */
    this.eps = null;
    /** @type {Branches | null} the ways not taken that were asked for */
    this.branches = null;
    this.position = 0;
    /** @type {Float32Array | null} samples of a denoiser that is just learning */
    this.preview = null;
  }

  get count() {
    return this.eps ? this.eps.length / 2 : 0;
  }

  /** Of the class that is asked for, from 1; 0 for none. */
  get kind() {
    return this.settings.what ? (this.cloud?.classes.indexOf(this.settings.what) ?? -1) + 1 : 0;
  }

  /** How many places the slider has. */
  get length() {
    return FORWARD + Math.max(1, this.t.length);
  }

  /** Which state of the run is shown, or −1 on the way into the noise. */
  get step() {
    return this.position < FORWARD ? -1 : this.position - FORWARD;
  }

  /** The timestep that is shown. */
  get time() {
    const { T } = this.schedule;
    return this.step < 0 ? Math.round((T * this.position) / FORWARD) : (this.t[this.step] ?? T);
  }

  /** @param {CloudSent} sent */
  take(sent) {
    const raw = bytes(sent.points);
    this.cloud = { ...sent, points: new Float32Array(raw.buffer, 0, raw.length / 4), kinds: bytes(sent.kinds) };
    this.chosen.clear();
    this.network = null;
    this.preview = null;
    this.end();
  }

  /** No run is there any more. */
  end() {
    this.lanes = [];
    this.ends = [];
    this.t = [];
    this.branches = null;
  }

  /** Work schedule and denoisers out again, after anything that they depend on. @param {NetworkSent | null} [sent] weights of a learned one */
  rebuild(sent) {
    const { cloud, settings } = this;
    const known = this.facts.schedules.find(({ name }) => name === settings.schedule);
    const usual = Object.fromEntries((known?.parameters ?? []).map((one) => [one.name, one.default]));
    this.schedule = makeSchedule(settings.schedule, settings.T ?? 1000, { ...usual, ...settings.schedule_parameters }, settings.zero_terminal_snr);
    if (sent !== undefined) this.network = sent && new Network(sent);
    if (!cloud) return;
    const lumps = cloud.modes.length > 0 && settings.denoiser !== "points";
    const means = lumps ? Float32Array.from(cloud.modes.flat()) : cloud.points;
    const std = lumps ? cloud.spread : settings.denoiser === "points" ? 0 : settings.blur;
    const kinds = !lumps && cloud.classes.length ? cloud.kinds.map((kind) => kind + 1) : null;
    this.mixture = new Mixture(means, std, kinds);
    const learned = settings.denoiser === "learned" || settings.denoiser === "yours";
    /** @param {Denoiser} denoiser */
    const guided = (denoiser) => new Guided(denoiser, settings.guidance, [settings.guidance_from ?? 0, settings.guidance_to >= 1000 ? Infinity : settings.guidance_to]);
    this.exact = guided(this.mixture);
    this.denoiser = learned && this.network ? guided(this.network) : this.exact;
  }

  /** α and σ at a time, with α² + σ² = 1, and their change. @param {number} [t] @returns {Level} */
  level(t = this.time) {
    const { schedule } = this;
    const at = (/** @type {number} */ index) => {
      const scale = norm(schedule, index);
      return [schedule.alpha[index] / scale, schedule.sigma[index] / scale];
    };
    const [a, s] = at(t);
    const [low, high] = [Math.max(0, t - 1), Math.min(schedule.T, t + 1)];
    const [[a0, s0], [a1, s1]] = [at(low), at(high)];
    const span = (high - low) / schedule.T;
    const safe = Math.max(s, CERTAIN);
    return { a: Math.sqrt(1 - safe * safe) || a, s: safe, da: (a1 - a0) / span, ds: (s1 - s0) / span };
  }

  /** Where the samples are, of the first or the other lane. @param {number} [lane] @returns {Float32Array} */
  places(lane = 0) {
    const { step, cloud, eps } = this;
    if (this.preview && this.time === 0 && step > 0) return this.preview;
    if (step >= 0) {
      const { states = [] } = this.lanes[lane] ?? {};
      if (states.length) return states[Math.min(step, states.length - 1)];
    }
    if (!cloud) return new Float32Array(0);
    if (!eps) return cloud.points;
    return this.drowned(this.time);
  }

  /** Data, each with its ε, at a time. @param {number} t */
  drowned(t) {
    const { cloud, eps, schedule } = this;
    const scale = norm(schedule, t);
    const [a, s] = [schedule.alpha[t] / scale, schedule.sigma[t] / scale];
    const found = new Float32Array(this.count * 2);
    if (!cloud || !eps) return found;
    for (let i = 0; i < found.length; i++) found[i] = a * cloud.points[i % cloud.points.length] + s * eps[i];
    return found;
  }

  /** The class of each sample, on the way into the noise; nothing on the way back, where none has one. */
  get kinds() {
    const { cloud, step, kind } = this;
    if (!cloud?.classes.length) return null;
    if (step < 0) return cloud.kinds;
    return kind ? new Uint8Array(1).fill(kind - 1) : null;
  }

  /** A message of a run. @param {PlaneMessage} told */
  heed({ start, states, end, branches }) {
    if (start) {
      this.branches = null;
      this.preview = null;
      this.t = start.t;
      this.eps = float16(start.eps);
      this.lanes = start.lanes.map((label) => ({ label, states: [] }));
      this.ends = [];
      for (const sample of this.chosen) if (sample >= this.count) this.chosen.delete(sample);
    }
    if (states) {
      const all = float16(states.xs);
      const size = 2 * this.count;
      for (let at = 0; at < all.length; at += size) this.lanes[states.lane].states.push(all.subarray(at, at + size));
    }
    if (end) this.ends = end;
    if (branches) {
      const all = float16(branches.xs);
      const size = 2 * branches.samples.length * branches.each;
      this.branches = { ...branches, states: Array.from({ length: all.length / size }, (_, k) => all.subarray(k * size, (k + 1) * size)) };
    }
  }

  /** How many states of the first lane are there, and of the slider's places. */
  get arrived() {
    return FORWARD + (this.lanes[0]?.states.length ?? 0);
  }

  /** The sample nearest to a place. @param {number} x @param {number} y @param {number} [lane] */
  nearest(x, y, lane = 0) {
    const places = this.places(lane);
    let [found, least] = [-1, Infinity];
    for (let i = 0; i < places.length; i += 2) {
      const apart = (places[i] - x) ** 2 + (places[i + 1] - y) ** 2;
      if (apart < least) [found, least] = [i / 2, apart];
    }
    return found;
  }
}
