// A picture that this browser has, sent to the server as a PNG: pixel for pixel.

import { root } from "./root.js";

/** Uploads what is on a canvas; returns where it is now. @param {HTMLCanvasElement} canvas @returns {Promise<string>} */
export async function upload(canvas) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const form = new FormData();
  form.append("files", /** @type {Blob} */ (blob), "picture.png");
  const response = await fetch(`${root()}/gradio_api/upload`, { method: "POST", body: form });
  if (!response.ok) throw new Error("The server does not take the picture; please try again in a moment.");
  const [path] = await response.json();
  return path;
}
