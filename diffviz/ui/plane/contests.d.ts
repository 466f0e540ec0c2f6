// What the server tells of a contest: rivals/race.py and rivals/translation.py.

import type { Action, Job, Status } from "../train/types.d.ts";

export interface Facts {
  name: string;
  kind: string;
  label: string;
  help: string;
  minimum?: number;
  maximum?: number;
  step?: number;
  choices?: { name: string; label: string }[];
  default: unknown;
  advanced: boolean;
}

export interface Score {
  visited: number;
  covered: number;
  astray: number;
  energy: number;
}

/** What both kinds have. `shape`: of the clouds of a round. */
interface Told {
  medium: "points" | "picture";
  weights: number;
  updates: number;
  said: Record<string, unknown>;
  rounds: number;
  fields: string[];
  shape: number[];
  data: number[];
  modes: number;
  fresh: Score;
}

export interface RaceTold extends Told {
  label: string;
  rivals: { name: string; label: string; source: string }[];
  seeds: number[];
  seconds: number;
  rule: string;
  credit: string;
}

export interface TranslationTold extends Told {
  source: string;
  target: string;
  translators: { label: string; source: string }[];
  begin: number[];
}

export type ContestStatus = Status & { contest: RaceTold & TranslationTold; command?: string };

export interface ContestServer {
  contests_owned(request: { token: string; kind: string }): Promise<{ jobs?: Job[] }>;
  contests_ask(request: { job: string; token: string; action: Action }): Promise<{ error?: string; gone?: boolean }>;
}

export interface ContestFacts {
  kind: "race" | "translation";
  recorded: { id: string; title: string }[];
  settings: Facts[];
  open: boolean;
}
