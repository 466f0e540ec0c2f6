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

/** α_t and σ_t for t = 0 … T; index 0 is clean data. */
export interface Schedule {
  T: number;
  alpha: Float64Array;
  sigma: Float64Array;
}
