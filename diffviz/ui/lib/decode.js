// Pictures decoded by the visitor's own browser: it knows AVIF, SVG, HEIC where the system does, wide
// gamuts and a hundred megapixels. What comes out is upright, in sRGB, on white, and small.

import { make } from "./dom.js";
import { context2d } from "./pixels.js";

/**
 * What a file shows. count: of its frames; frame(k): one of them on a canvas of at most `side` pixels,
 * or as many as are asked for.
 * @typedef {{ count: number, frame: (k: number, most?: number) => Promise<HTMLCanvasElement>, close: () => void }} Decoded
 */

/** The picture in a file; null where this browser cannot open it. @param {Blob} blob @param {number} side @returns {Promise<Decoded | null>} */
export async function decode(blob, side) {
  const film = await framesOf(blob, side);
  if (film) return film;
  const address = URL.createObjectURL(blob);
  try {
    const image = make("img", { src: address, alt: "" });
    await image.decode();
    const { naturalWidth, naturalHeight } = image;
    // An SVG may have no size of its own.
    return { count: 1, frame: async (_, most = side) => drawn(image, naturalWidth || side, naturalHeight || side, most), close() {} };
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The frames of an animation, where this browser tells them apart; null otherwise. @param {Blob} blob @param {number} side @returns {Promise<Decoded | null>} */
async function framesOf(blob, side) {
  const Decoder = window.ImageDecoder;
  if (!Decoder || !(await Decoder.isTypeSupported(blob.type).catch(() => false))) return null;
  let decoder;
  try {
    decoder = new Decoder({ data: await blob.arrayBuffer(), type: blob.type });
    const chosen = decoder;
    await chosen.tracks.ready;
    await chosen.completed; // only now are all frames counted
    const count = chosen.tracks.selectedTrack?.frameCount ?? 1;
    if (count < 2) throw new RangeError("it is still");
    return {
      count,
      frame: async (k, most = side) => {
        const { image } = await chosen.decode({ frameIndex: k });
        const canvas = drawn(image, image.displayWidth, image.displayHeight, most);
        image.close();
        return canvas;
      },
      close: () => chosen.close(),
    };
  } catch {
    decoder?.close();
    return null;
  }
}

/** @param {CanvasImageSource} image @param {number} width @param {number} height @param {number} side */
function drawn(image, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = make("canvas", { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
  const context = context2d(canvas);
  Object.assign(context, { fillStyle: "#fff", imageSmoothingQuality: "high" });
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}
