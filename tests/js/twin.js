// For tests/test_twins.py: calls the page's own mathematics with what stands on stdin, a list of
// [function, …arguments], and prints the list of the answers as JSON.

import { counterNoise, noisingChain } from "../../diffviz/ui/lib/noise.js";
import { addsNoiseEverywhere, makeSchedule } from "../../diffviz/ui/lib/schedules.js";

const CALLS = {
  schedule(kind, T, parameters, zeroTerminal) {
    const made = makeSchedule(kind, T, parameters, zeroTerminal);
    return { alpha: [...made.alpha], sigma: [...made.sigma], sound: addsNoiseEverywhere(made) };
  },
  noise: (seed, step, count) => [...counterNoise(seed, step, count)],
  chain(x0, eps, alpha, sigma, indices, seed) {
    const walked = noisingChain(Float32Array.from(x0), Float32Array.from(eps), { alpha, sigma }, indices, seed);
    return [...walked].filter((x) => x).map((x) => [...x]);
  },
};

let text = "";
for await (const part of process.stdin) text += part;
console.log(JSON.stringify(JSON.parse(text).map(([name, ...values]) => CALLS[name](...values))));
