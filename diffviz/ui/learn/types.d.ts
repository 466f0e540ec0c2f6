// What the modules of the Learn tab speak of.

import type { Answer } from "../lib/types.js";

/** An experiment as a section shows it; its words are those of diffviz/lessons. */
export interface Shown {
  name: string;
  heading: string;
  text: string;
  settings: Record<string, unknown>;
  claims: Record<string, string>;
  predict: { question: string; choices: Record<string, string> } | null;
}

export interface Question {
  question: string;
  choices: string[];
  answer: number;
  why: string[];
}

export interface Section {
  name: string;
  title: string;
  html: string;
  experiments: Shown[];
  questions: Question[];
  code: string[];
  papers: { title: string; authors: string; year: number }[];
}

export interface Facts {
  sections: Section[];
  code: Record<string, string>;
  runnable: string[]; // experiments that the server runs, and draws
  teacher: string; // in HTML
  recorded: { messages: object[]; command: string; found: Found };
  picture: { shape: [number, number, number]; levels: string };
}

/** What an experiment found: one of its outcomes, and numbers by name. */
export interface Found {
  outcome: string;
  measured: Record<string, number>;
}

/** A message of the server's, of the run with that id. */
export type Message = { id: number; waiting?: number; failed?: string } & Partial<Found> & Record<string, any>;

/** What an experiment is given. */
export interface Bench {
  settings: Record<string, any>;
  facts: Facts;
  /** Run it on the server, with other settings. False where a prediction is still missing. */
  run(settings?: Record<string, unknown>): boolean;
  /** Tell what was found without a server. */
  found(found: Found): void;
  /** Whether a prediction that there must be first is there; says so where it is not. */
  ready(): boolean;
  say(text: string): void;
}

/** An experiment on the page. take: a message of its run's. */
export interface Body {
  root: HTMLElement;
  take?(message: Message): void;
}

export type Experiment = (bench: Bench) => Body;

/** What this browser keeps of a visitor's progress. */
export interface Progress {
  /** By section and experiment: what was expected, and what was then found, with its sentence. */
  predictions: Record<string, { expected: string; found?: string; said?: string }>;
  /** By section and number: the choice taken last. */
  answers: Record<string, number>;
  /** Challenges that were met. */
  met: string[];
}

export interface LearnServer {
  notebook_told(request: { tried: Record<string, object> }): Promise<Answer<{ notebook: string }>>;
}
