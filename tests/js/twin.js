// For tests/test_twins.py: calls the page's own mathematics with what stands on stdin, a list of
// [function, …arguments], and prints the list of the answers as JSON.

import { resultSides } from "../../diffviz/ui/edit/size.js";
import { follow, linkText, parted } from "../../diffviz/ui/lib/link.js";
import { counterNoise, noisingChain } from "../../diffviz/ui/lib/noise.js";
import { Guided, Mixture, Network } from "../../diffviz/ui/plane/denoise.js";
import { Field } from "../../diffviz/ui/plane/fields.js";
import { addsNoiseEverywhere, makeSchedule } from "../../diffviz/ui/lib/schedules.js";

globalThis.window = globalThis;
globalThis.location = new URL("http://localhost/");
globalThis.document = { createElement: () => ({ append() {} }) };
const { noteIn, withNote } = await import("../../diffviz/ui/lib/notes.js");
const { zipped } = await import("../../diffviz/ui/lib/zip.js");

const CALLS = {
  follow(settings, text) {
    const { tab, said, told } = parted(text);
    const found = follow(settings, said);
    return { ...found, told: told || found.told, text: linkText(tab, settings, found.values) };
  },
  schedule(kind, T, parameters, zeroTerminal) {
    const made = makeSchedule(kind, T, parameters, zeroTerminal);
    return { alpha: [...made.alpha], sigma: [...made.sigma], sound: addsNoiseEverywhere(made) };
  },
  mixture(means, std, kinds, u, level, kind, scale, interval) {
    const mixture = new Mixture(Float32Array.from(means), std, kinds && Uint8Array.from(kinds));
    return guessed(new Guided(mixture, scale, interval.map(Number)), u, level, kind);
  },
  field(means, std, level, side, reach) {
    const field = new Field(side, reach);
    field.update("x0", new Mixture(Float32Array.from(means), std, null), new Mixture(Float32Array.from(means), std, null), level, 0);
    return [...field.vectors];
  },
  network: (sent, u, level, kind) => guessed(new Network(sent), u, level, kind),
  density(means, std, level, side, reach) {
    return [...new Mixture(Float32Array.from(means), std, null).density(level, side, reach, 0)];
  },
  note: (base64) => noteIn(new Uint8Array(Buffer.from(base64, "base64"))),
  async noted(base64, note) {
    const png = withNote(new Uint8Array(Buffer.from(base64, "base64")), note);
    return Buffer.from(await png.arrayBuffer()).toString("base64");
  },
  async zip(files) {
    const named = Object.entries(files).map(([name, base64]) => [name, new Uint8Array(Buffer.from(base64, "base64"))]);
    return Buffer.from(await zipped(new Map(named)).arrayBuffer()).toString("base64");
  },
  sides: resultSides,
  noise: (seed, step, count) => [...counterNoise(seed, step, count)],
  chain(x0, eps, alpha, sigma, indices, seed) {
    const walked = noisingChain(Float32Array.from(x0), Float32Array.from(eps), { alpha, sigma }, indices, seed);
    return [...walked].filter((x) => x).map((x) => [...x]);
  },
};

function guessed(denoiser, u, level, kind) {
  const out = new Float64Array(u.length);
  denoiser.guess(Float32Array.from(u), level, kind, out);
  return [...out];
}

let text = "";
for await (const part of process.stdin) text += part;
console.log(JSON.stringify(await Promise.all(JSON.parse(text).map(([name, ...values]) => CALLS[name](...values)))));
