// What this browser has, sent to the server.

import { root } from "./root.js";

const FULL = "There is no room for that file here; please try again later.";

/** Uploads a file; returns where it is now. @param {Blob} blob @param {string} name @returns {Promise<string>} */
export async function uploadFile(blob, name) {
  const form = new FormData();
  form.append("files", blob, name);
  const response = await fetch(`${root()}/gradio_api/upload`, { method: "POST", body: form });
  if (response.status === 413) throw new Error("The file is too large.");
  if (response.status === 507) throw new Error(FULL);
  if (!response.ok) throw new Error("The server does not take the file; please try again in a moment.");
  const [path] = await response.json();
  return path;
}

/** Uploads what is on a canvas as a PNG, pixel for pixel; returns where it is now. @param {HTMLCanvasElement} canvas @returns {Promise<string>} */
export async function upload(canvas) {
  return uploadFile(await pngOf(canvas), "picture.png");
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
export const pngOf = (canvas) =>
  new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large."))), "image/png"));
