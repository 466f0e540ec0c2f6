// What the server tells the Forward tab (forward/tab.py, forward/bringing_back.py), and what that
// tab's parts share.

import type { TakenHome } from "../lib/takeaway.js";
import type { Answer, PictureFacts, Schedule, SettingFacts } from "../lib/types.js";

/** Says what has changed: "picture", "denoiser", "schedule", "rivals" or "t". */
export type Change = (...what: string[]) => void;

export interface Parameter {
  name: string;
  label: string;
  default: number;
  minimum: number;
  maximum: number;
  step: number;
}

export interface Kind {
  name: string;
  label: string;
  source: string;
  preserving: boolean;
  parameters: Parameter[];
}

export interface DenoiserFacts {
  name: string;
  label: string;
  any: boolean; // it takes pictures of any size, at their own
  sees: string; // the key of a picture's `small`
  shape: [channels: number, height: number, width: number];
  range: [least: number, most: number] | null; // of σ/α
  speaks: boolean;
  things: string[];
  says: string;
  example: string;
  [more: string]: any;
}

export interface Facts extends PictureFacts {
  kinds: Kind[];
  T: { minimum: number; maximum: number };
  maxSeed: number;
  denoisers: DenoiserFacts[];
  samplers: [label: string, name: string][];
  guidance: { minimum: number; maximum: number; default: number };
  settings: SettingFacts[]; // in the link
}

/** What a denoiser sees of a picture: bytes and float16 in base64. */
export interface Contents {
  x0: string;
  eps: string;
}

/** Its shape; whether it is the very picture; and where it is not, itself, once it was asked for. */
export interface Small extends Partial<Contents> {
  shape: [channels: number, height: number, width: number];
  same: boolean;
}

/** Which picture a request is about: levels, or where they are. */
export type Shown = { small: string } | { picture: { example: string } | { upload: string } };

export interface LoadAnswer {
  seed: number;
  channels: number;
  height: number;
  width: number;
  x0: string;
  eps: string;
  small: Record<string, Small>;
}

export interface NoiseAnswer {
  seed: number;
  eps: string;
  small_eps: string; // of what the denoiser sees
}

/** A picture with its noise; …Pixels: in pixels' order, to paint. */
export interface Picture extends Omit<LoadAnswer, "x0" | "eps"> {
  x0: Float32Array;
  eps: Float32Array;
  x0Pixels: Float32Array;
  epsPixels: Float32Array;
  levels: Uint8Array; // of x0
  example?: string; // its name
  upload?: string; // where it was sent to, once it was
}

export type NamedSchedule = Schedule & { kind: string };

export interface GuessAnswer {
  id: number;
  xt: string;
  x0: string;
  eps: string;
  x0Error: number;
  epsError: number;
}

export interface ForwardServer {
  load(request: { seed: number; denoiser: string; example?: string; path?: string }): Promise<Answer<LoadAnswer>>;
  see(request: Shown & { seed: number; denoiser: string }): Promise<Answer<Contents>>;
  take_noising(request: object): Promise<Answer<TakenHome>>;
  other_noise(request: { seed: number; shape: number[]; denoiser: string }): Promise<Answer<NoiseAnswer>>;
  denoise(request: object): Promise<Answer<GuessAnswer>>;
  hear(request: { text: string; denoiser: string }): Promise<Answer<{ html: string }>>;
}

/** A message about a picture that is brought back. */
export interface BackMessage {
  id: number;
  waiting?: number;
  start?: { steps: number; grid: number[]; outside: number; note: string };
  frame?: { lane: number; t: number; x: string; x0: string };
  apart?: number;
  failed?: string;
}
