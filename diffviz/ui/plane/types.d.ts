// What the server tells the 2-D tab (plane/tab.py, serving/plane.py), and what its parts share.

import type { Answer, Distance, OrderCurve, SettingFacts } from "../lib/types.js";

/** x, y of each point in turn. */
export type Points = Float32Array | Float64Array;

/** α and σ where α² + σ² = 1; da, ds: their change over t, which runs from 0 to 1. */
export interface Level {
  a: number;
  s: number;
  da?: number;
  ds?: number;
}

/** kind: a class from 1, or 0 for none. */
export interface Denoiser {
  guess(u: Points, level: Level, kind: number, out: Points, middles?: Points): void;
}

export interface NetworkSent {
  width: number;
  depth: number;
  slots: number[];
  parametrization: string;
  range: [low: number, high: number];
  weights: string;
}

export interface CloudSent {
  name: string;
  count: number;
  points: string;
  kinds: string;
  classes: string[];
  modes: [number, number][];
  spread: number;
  line: boolean;
}

export interface Cloud extends Omit<CloudSent, "points" | "kinds"> {
  points: Float32Array;
  kinds: Uint8Array;
}

export interface Facts {
  settings: Record<string, SettingFacts>;
  data: { name: string; label: string; points: string }[];
  ready: string[]; // data of which a learned denoiser ships
  training: Record<string, SettingFacts>;
  denoisers: { name: string; label: string }[];
  schedules: { name: string; label: string; parameters: SettingFacts[] }[];
  convergence: Record<string, SettingFacts>;
  samplers: { name: string; label: string; stochastic: boolean; order: number | null; parameters: SettingFacts[] }[];
}

/** A number, and what fresh data come to in the samples' place. */
export interface Measured {
  value: number;
  fresh: number;
  of?: number;
}

export interface LaneEnd {
  nfe: number;
  fingerprint: string;
  numbers: Record<string, Measured>;
}

/** How a training stands. */
export interface LearnedSent {
  updates: number;
  of: number;
  seconds: number;
  losses: number[];
  network: NetworkSent;
  xs: string;
}

/** Ways that part at a place of the slider's states: each of some samples so many times. */
export interface Branches {
  place: number;
  samples: number[];
  each: number;
  states: Float32Array[];
}

export interface PlaneMessage {
  id: number;
  branches?: Omit<Branches, "states"> & { xs: string };
  run?: Distance;
  converged?: OrderCurve[];
  learned?: LearnedSent;
  trained?: LearnedSent;
  waiting?: number;
  failed?: string;
  start?: { count: number; steps: number; t: number[]; lanes: string[]; eps: string; outside: number };
  states?: { lane: number; xs: string };
  end?: LaneEnd[];
}

/** A sampler's way: the states that are there, each with all points. */
export interface Lane {
  label: string;
  states: Float32Array[];
}

export interface PlaneServer {
  cloud(settings: object): Promise<Answer<CloudSent>>;
  dark(picture: { width: number; height: number; levels: string }): Promise<Answer<{ places: number[] }>>;
  network(request: { data: string }): Promise<Answer<NetworkSent>>;
}

export interface Views {
  points: boolean;
  data: boolean;
  guesses: boolean;
  paths: "none" | "all" | "chosen";
  straight: boolean;
  field: "none" | "arrows" | "streamlines";
  of: "x0" | "eps" | "score" | "velocity" | "difference";
  density: "none" | "shade" | "contours";
}
