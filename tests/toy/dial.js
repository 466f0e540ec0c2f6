// Dials: one byte a sample, the angle of its hand, 256 to a turn.

const SIDE = 48;

/** @param {HTMLCanvasElement} canvas @param {Uint8Array} bytes @param {{ count: number }} sheet */
export function draw(canvas, bytes, { count }) {
  canvas.width = SIDE * count;
  canvas.height = SIDE;
  const context = canvas.getContext("2d");
  for (let i = 0; i < count; i++) {
    const angle = (bytes[i] / 256) * 2 * Math.PI;
    context.strokeStyle = "rgb(200, 0, 0)";
    context.beginPath();
    context.moveTo((i + 0.5) * SIDE, SIDE / 2);
    context.lineTo((i + 0.5 + 0.45 * Math.cos(angle)) * SIDE, (0.5 - 0.45 * Math.sin(angle)) * SIDE);
    context.stroke();
  }
  canvas.dataset.dials = bytes.join(" ");
  canvas.dataset.frames = Number(canvas.dataset.frames ?? 0) + 1;
}

export const glimpse = (canvas, bytes) => draw(canvas, bytes.subarray(0, 1), { count: 1 });
