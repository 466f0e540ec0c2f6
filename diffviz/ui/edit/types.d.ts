// What the server tells the Edit tab (edit/tab.py, serving/restoring.py), and what its parts share.

import type { Answer, PictureFacts, SettingFacts } from "../lib/types.js";

export interface TaskFacts {
  name: string;
  label: string;
  says: string;
  degrades: boolean; // a whole picture can be made worse first
  masked: boolean;
  holes: boolean;
  free: boolean; // needs no method
  parameters: string[];
}

export interface MethodFacts {
  name: string;
  label: string;
  source: string;
  cost: number; // evaluations a step; a gradient counts for two
  gradients: boolean;
  holes: boolean;
}

export interface DenoiserFacts {
  name: string;
  label: string;
  shape: [channels: number, height: number, width: number];
  any: boolean; // it takes pictures of any size
  speaks: boolean;
  example: string;
  negative: string;
  things: string[];
  latent: boolean; // then holes alone are filled
}

export interface Facts extends PictureFacts {
  settings: Record<string, SettingFacts>;
  tasks: TaskFacts[];
  methods: MethodFacts[];
  denoisers: DenoiserFacts[];
  mostPixels: number; // of all results of a run
  maxSeed: number;
}

/** whole: all of it, where it may be larger than what is worked with. */
export interface Source {
  canvas: HTMLCanvasElement;
  example: string | null;
  whole: (() => Promise<HTMLCanvasElement>) | null;
}

export interface Sent {
  shape: [channels: number, height: number, width: number];
  levels: string;
}

/** psnr in dB; distance of A·x from what was measured, in grey levels. */
export interface Quality {
  psnr: number | null;
  ssim: number | null;
  distance: number | null;
}

export interface Start {
  shape: [channels: number, height: number, width: number];
  count: number;
  columns: number;
  steps: number;
  grid: number[];
  outside: number;
  noise: number;
  scaled: boolean;
  each: number;
  seeds: number[]; // of each result
  notes: string[]; // each result's own, for its file
  degraded: Sent;
  cheap: Sent & Quality & { label: string };
  original: Sent | null;
}

export interface End {
  fingerprint: string;
  ours: Quality;
  look: Quality;
  mean: Sent & Quality;
  spread: Sent & { most: number };
}

export interface EditMessage {
  id: number;
  waiting?: number;
  start?: Start;
  frame?: { index: number; t: number; alpha: number; sigma: number; evaluations: number; seconds: number; x: string; x0: string; eps: string };
  end?: End;
  failed?: string;
}

export interface EditServer {
  picture(request: { example: string } | { upload: string }): Promise<Answer<Sent>>;
  own_denoisers(request: { owner: string }): Promise<Answer<{ denoisers: DenoiserFacts[] }>>;
}
