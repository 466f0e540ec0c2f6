// What the server tells of a training: jobs/trainings.py.

import type { TakenHome } from "../lib/takeaway.js";
import type { Answer } from "../lib/types.js";

export type State = "running" | "queued" | "paused" | "stopped" | "failed" | "finished";
export type Action = "pause" | "resume" | "stop" | "delete";

/** What a training draws at each of its checkpoints. */
export interface SheetFacts {
  shape: number[]; // steps, pictures, and then a picture's own
  views: string[];
  t: number[];
  labels: string[];
  renderer?: string;
  facts?: Record<string, never>; // what the renderer has to know
  undecoded?: number; // bytes of all pictures at a step, where the last ones, decoded, follow the rest
}

/** One's own training in brief. */
export interface Job {
  id: string;
  kind?: string; // of job: a training, or a contest
  title: string; // its name, or else what it is about
  about: string; // its data, and how much of it
  state: State;
  fraction: number;
  position: number;
  queued: number; // in seconds since 1970
}

export interface Status extends Job {
  wish: Exclude<Action, "resume"> | "";
  images: number;
  seconds: number;
  speed: number;
  left: number | null;
  message: string;
  credit: string;
  recorded: boolean;
  shared: boolean;
  points: number[][];
  newest: number;
  again: number; // seconds until it is worth asking again
  ratios: number[];
  sheet: SheetFacts | null;
  sheets: number[];
}

export interface TrainServer {
  owned(request: { token: string }): Promise<{ jobs?: Job[] }>;
  rename(request: { job: string; token: string; name: string }): Promise<{ error?: string }>;
  take_uploaded(request: { path: string; token: string }): Promise<Answer<Status>>;
  take_losses(request: { job: string; format: string; theme: string }): Promise<Answer<TakenHome>>;
  ask(request: { job: string; token: string; action: Action }): Promise<{ error?: string; gone?: boolean }>;
}
