// What the server tells the Sample tab's player: serving/frames.py.

import type { Answer, Distance, OrderCurve } from "../lib/types.js";
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
  facts?: { preview?: number[][] }; // what else the renderer has to know; a latent's linear map to a small picture
  denoiser: string;
  comparable?: number[] | null; // the shape at which they are, with what was learned, pixel by pixel
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
  asked?: boolean; // whether anything can be said to the denoiser
  lookups?: boolean; // whether pixels look words up
  sentence?: string; // that was said of all of them, or nothing
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

/** Of a step, of each sample, of each word: how much each pixel looks it up; 255 is `most`. */
export interface Lookups {
  index: number;
  shape: [count: number, words: number, height: number, width: number];
  most: number;
  maps: Uint8Array;
}

/** Which pixels look which word up, step by step, while the run is made again. */
export interface LookedUp {
  waiting?: number;
  failed?: string;
  labels: string[];
  steps: Lookups[];
}

/** A run's first samples with other words: as they were, with attention kept, and sampled anew. */
export interface Reworded {
  waiting?: number;
  failed?: string;
  index?: number; // of the steps
  made: (Frame & Entrant & { columns: number })[];
}

/** What is measured at a press, as it is told. */
export type Measured =
  | ({ kind: "reference" } & Reference)
  | ({ kind: "orders"; one?: Distance } & Omit<Orders, "runs">)
  | ({ kind: "few"; one?: SentFrame & Entrant } & Omit<FewSteps, "made">)
  | ({ kind: "words"; labels?: string[]; one?: Omit<Lookups, "maps"> & { maps: string } } & Omit<LookedUp, "labels" | "steps">)
  | ({ kind: "reworded"; one?: SentFrame & Entrant & { columns: number } } & Omit<Reworded, "made">);

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
  shape: number[];
  called: string;
  among: string;
  real: string;
  note: string;
  error?: string;
}

/** Whose latents are asked about. */
export interface Whose {
  denoiser: string;
  owner: string;
}

export interface EncodedAnswer {
  latent: string; // float16 numbers in base64, as all latents
  shape: number[];
  picture: string;
  decoded: string;
  credit: string;
  psnr: number;
  milliseconds: { encoder: number; decoder: number };
}

export type Asked = Whose & { id: number; latent: string; t: number; seed: number; what: string };

export interface ApartAnswer {
  t: number;
  alpha: number;
  sigma: number;
  xt: string;
  x0: string;
  noisy: string;
  decoded: string;
  distance: number; // of the guess from the latent
  milliseconds: { noise: number; denoiser: number; decoder: number };
}

export interface MixedAnswer {
  latent: string;
  picture: string;
  milliseconds: number;
}

/** Of one evaluation of a network for samples of that shape. */
export interface Cost {
  space: string;
  shape: number[];
  numbers: number;
  milliseconds: number;
}

export interface SampleServer {
  nearest_pictures(request: Whose & { pictures: string }): Promise<NearestAnswer>;
  encode_picture(request: Whose & ({ number: number } | { levels: string })): Promise<Answer<EncodedAnswer>>;
  take_latent_apart(request: Asked): Promise<Answer<ApartAnswer>>;
  mix_latents(request: Whose & { id: number; one: string; other: string; share: number; way: string }): Promise<Answer<MixedAnswer>>;
  decode_latents(request: Whose & { latents: string }): Promise<Answer<{ pictures: string }>>;
  latent_costs(request: Whose): Promise<Answer<{ costs: Cost[] }>>;
}
