// A small plot: ᾱ over t, with a dot where each step of a run falls and a cursor on the present one.

/** run: {curve: [[t, ᾱ], …], grid: [t, …], T}; t: where the cursor is. */
export function drawPath(canvas, run, t) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.setAttribute("aria-label", `The schedule's ᾱ over t, with the run's steps; now t = ${t}`);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const pad = { left: 26, right: 8, top: 8, bottom: 18 };
  // Sampling walks from T on the left to 0 on the right.
  const x = (at) => pad.left + (1 - at / run.T) * (width - pad.left - pad.right);
  const y = (bar) => height - pad.bottom - bar * (height - pad.top - pad.bottom);

  context.strokeStyle = colour("--dv-line");
  context.fillStyle = colour("--dv-muted");
  context.font = "12px ui-sans-serif, system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const bar of [0, 1]) {
    context.beginPath();
    context.moveTo(pad.left, y(bar));
    context.lineTo(width - pad.right, y(bar));
    context.stroke();
    context.fillText(String(bar), 12, y(bar));
  }
  context.fillText("ᾱ", 10, (y(0) + y(1)) / 2);
  context.textBaseline = "alphabetic";
  context.fillText(`t = ${run.T}`, pad.left, height - 3);
  context.textAlign = "right";
  context.fillText("0", width - pad.right, height - 3);
  context.textAlign = "left";

  context.strokeStyle = colour("--dv-accent");
  context.lineWidth = 2;
  context.beginPath();
  run.curve.forEach(([at, bar], i) => (i ? context.lineTo(x(at), y(bar)) : context.moveTo(x(at), y(bar))));
  context.stroke();

  context.fillStyle = colour("--dv-accent");
  for (const at of run.grid) dot(context, x(at), y(along(run.curve, at)), 2.5);
  if (t === undefined) return;
  context.fillStyle = colour("--dv-accent-2");
  dot(context, x(t), y(along(run.curve, t)), 5);
}

function dot(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** The curve at t, on the line between its points. */
function along(curve, t) {
  const right = Math.max(1, curve.findIndex(([at]) => at >= t));
  const [t0, v0] = curve[right - 1];
  const [t1, v1] = curve[right];
  return v0 + ((v1 - v0) * (t - t0)) / (t1 - t0);
}
