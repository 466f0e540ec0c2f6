// What modules of several tabs speak of.

declare global {
  interface Window {
    gradio_config?: { root?: string };
  }
}

/** Numbers of a picture: grey levels as they are sent, or values in −1..1. */
export type Levels = Uint8Array | Float32Array | Float64Array;

export interface PictureShape {
  channels: number;
  height: number;
  width: number;
}

/** What a live view has of its component (ui/component.py): `value` is what Python said last. */
export interface LiveView<Server, Facts = object> {
  facts: Facts;
  props: { value?: string };
  server: Server;
  trigger(event: string, data?: unknown): void;
  watch(name: "value", callback: () => void): void;
}

/** A server's answer: what was asked for, or a sentence that says why not. */
export type Answer<Content> = (Content & { error?: undefined }) | { error: string };

/** What there is to know of a tab's pictures. */
export interface PictureFacts {
  examples: { name: string; thumbnail: string; credit: string }[];
  side: number; // the longer one, at most
  maxBytes: number; // of a file that is sent as it is
}

/** α_t and σ_t for t = 0 … T; index 0 is clean data. */
export interface Schedule {
  T: number;
  alpha: Float64Array;
  sigma: Float64Array;
}

/** A setting as it is declared: `Setting.facts`, and what runs/link.py adds. */
export interface SettingFacts {
  name: string;
  kind: string;
  label: string;
  help?: string;
  unit?: string;
  minimum?: number;
  maximum?: number;
  step?: number;
  default: any;
  choices?: { name: any; label: string }[];
  usual?: { by: string; of: Record<string, any> }; // where it begins, by the value of another
}

/** Settings by name. */
export type Values = Record<string, any>;

/** How far a sampler ended from the exact solution. */
export interface Distance {
  sampler: string;
  steps: number;
  evaluations: number;
  distance: number;
}

/** A sampler's runs together; slope: its measured order. */
export interface OrderCurve {
  sampler: string;
  label: string;
  order: number;
  slope: number | null;
  runs: [steps: number, evaluations: number, distance: number][];
}
