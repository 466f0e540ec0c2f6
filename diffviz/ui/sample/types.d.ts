// What the server tells the Sample tab's player: serving/frames.py.

import type { Distance, OrderCurve } from "../lib/types.js";
import type { Decoded } from "../lib/views.js";

/** One step of one lane. */
export interface SentFrame {
  kind: "frame";
  lane: number;
  index: number;
  t: number;
  alpha: number;
  sigma: number;
  evaluations: number;
  seconds: number;
  x: string; // base64, as the medium's renderer takes it
  x0: string;
  eps: string;
}
export type Frame = Omit<SentFrame, keyof Decoded> & Decoded;

export interface Start {
  kind: "start";
  renderer?: string;
  denoiser: string;
  comparable?: boolean; // with what was learned, pixel by pixel
  count: number;
  shape: number[];
  steps: number;
  T: number;
  grid: number[];
  curve: [t: number, alphaBar: number][];
  outside: number;
  columns: number;
  headings: string[];
  words: string;
  lanes: string[];
  drawing?: boolean[]; // of each lane, whether it draws noise on its way
  alike?: string; // what is to be said of lanes that end in the same picture
  notes?: string[]; // each sample's own, where one can be made by itself
  reference?: number; // steps of the run that a race is measured against
  distilled?: { teacher: string; student: string; few: number[]; many: number; took: string }; // evaluations
}

/** What a race is measured against, while it is made: its number in the line, how many of its steps are done, and its end. */
export interface Reference {
  waiting?: number;
  index?: number;
  failed?: string;
  result?: string; // float16 numbers in base64
}

/** How fast a race's samplers come nearer to that, while it is measured. */
export interface Orders {
  waiting?: number;
  index?: number; // of the reference's steps
  failed?: string;
  samplers?: { name: string; label: string }[];
  runs: Distance[];
  curves?: OrderCurve[];
}

export interface Entrant {
  label: string;
  count: number;
}

/** What a distilled denoiser made of a run's noise, and then its teacher, as they come. */
export interface FewSteps {
  waiting?: number;
  failed?: string;
  made: (Frame & Entrant)[];
}

/** What is measured at a press, as it is told. */
export type Measured =
  | ({ kind: "reference" } & Reference)
  | ({ kind: "orders"; one?: Distance } & Omit<Orders, "runs">)
  | ({ kind: "few"; one?: SentFrame & Entrant } & Omit<FewSteps, "made">);

export type Event =
  | Start
  | SentFrame
  | { kind: "end"; lane: number; fingerprint: string; result?: string }
  | Measured
  | { kind: "waiting"; number: number };

export interface Message {
  run: number;
  recorded?: boolean;
  events: Event[];
}

export interface Lane {
  label: string;
  frames: Frame[];
  fingerprint?: string;
  result?: string; // in a race: its last x, float16 numbers in base64
}

export interface Neighbour {
  row: number;
  class: string;
  distance: number;
  picture: string;
}

export interface Found {
  neighbours: Neighbour[];
  nearer: number;
  verdict: "copy" | "near" | "new";
}

export interface NearestAnswer {
  found: Found[];
  scale: number[];
  among: string;
  real: string;
  note: string;
  error?: string;
}

export interface SampleServer {
  nearest_pictures(request: { denoiser: string; owner: string; pictures: string }): Promise<NearestAnswer>;
}
