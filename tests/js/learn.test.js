// The Learn tab: claims, questions, predictions, the recap, and what the browser measures itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./page.js";
import { counterNoise } from "../../diffviz/ui/lib/noise.js";
import { distributionGap, gapDue } from "../../diffviz/ui/lib/measures.js";
import { parted } from "../../diffviz/ui/lib/link.js";
import { equation, typeset } from "../../diffviz/ui/lib/math.js";
import { makeSchedule } from "../../diffviz/ui/lib/schedules.js";
import { drownedByHalf } from "../../diffviz/ui/learn/experiments/challenges.js";
import { bothWays, compared } from "../../diffviz/ui/learn/experiments/straight.js";
import { experimentPanel } from "../../diffviz/ui/learn/experiment.js";
import { claim, figures, filled, note, progress, recalled, score } from "../../diffviz/ui/learn/progress.js";
import { questionPanel } from "../../diffviz/ui/learn/quiz.js";
import { stepTex } from "../../diffviz/ui/learn/byhand.js";

const SHOWN = {
  name: "once", heading: "Once", text: "", settings: { steps: 50 },
  claims: { many: "jump {jump}, many {many}", one: "one is better: {jump}", alike: "alike" },
  predict: { question: "Which?", choices: { many: "Many.", one: "One.", alike: "Neither." } },
};
const QUESTION = { question: "Q?", choices: ["a", "b"], answer: 1, why: ["because not", "because so"] };
const SECTION = { name: "s", title: "S", html: "", experiments: [SHOWN], questions: [QUESTION], code: [], papers: [] };
const FACTS = { sections: [SECTION], code: {}, runnable: ["once"], picture: { shape: [1, 1, 1], levels: "AA==" } };

test("a claim's words follow what was found, and its numbers what was measured", () => {
  assert.equal(claim(SHOWN, { outcome: "many", measured: { jump: 2.0001, many: 0.00123 } }), "jump 2.00, many 0.00123");
  assert.equal(claim(SHOWN, { outcome: "one", measured: { jump: 0.5, many: 3 } }), "one is better: 0.500");
  assert.equal(filled("{a} and {b}", { a: 3 }), "3 and {b}");
  assert.equal(figures(1234.5), "1235");
  assert.equal(figures(Infinity), "∞");
  assert.equal(figures(-0.5), "−0.500");
});

test("an experiment asks for a prediction first, and tells it beside what was found", () => {
  localStorage.clear();
  const asked = [];
  const panel = experimentPanel(SECTION, SHOWN, FACTS, (...call) => asked.push(call));
  panel.mount();
  document.body.append(panel.root);
  const button = panel.root.querySelector("button");
  button.click();
  assert.equal(asked.length, 0);
  assert.match(panel.root.querySelector("[role=status]").textContent, /first what you expect/);
  const [many] = panel.root.querySelectorAll("input");
  many.click();
  button.click();
  const [name, settings, take] = asked[0];
  assert.deepEqual([name, settings], ["once", { steps: 50 }]);
  take({ id: 1, waiting: 3 });
  assert.match(panel.root.textContent, /number 3 in line/);
  take({ id: 1, outcome: "many", measured: { jump: 2, many: 1 } });
  assert.match(panel.root.querySelector(".learn-claim").textContent, /^As you expected\. jump 2, many 1$/);
  take({ id: 1, outcome: "one", measured: { jump: 1, many: 2 } });
  assert.match(panel.root.querySelector(".learn-claim").textContent, /^Not as you expected\. one is better: 1$/);
  const [recall] = recalled([SECTION], progress());
  assert.deepEqual([recall.expected, recall.said, recall.right], ["Many.", "one is better: 1", false]);
  take({ id: 1, failed: "No." });
  assert.equal(panel.root.dataset.state, "failed");
});

test("of what was tried there is a figure, and a later press takes an earlier one's place", async () => {
  localStorage.clear();
  const asked = [];
  const panel = experimentPanel(SECTION, { ...SHOWN, predict: null }, FACTS, (...call) => asked.push(call));
  panel.mount();
  const home = panel.root.querySelector(".player-files");
  assert.ok(home.hidden && panel.tried() === null);
  const button = panel.root.querySelector("button.primary");
  button.click();
  button.click();
  const [[, , first], [, , second]] = asked;
  first({ id: 1, outcome: "one", measured: { jump: 1 } });
  assert.equal(panel.root.dataset.state, "running");
  second({ id: 2, outcome: "many", measured: { jump: 2, many: 1 } });
  assert.match(panel.root.querySelector(".learn-claim").textContent, /^jump 2/);
  assert.deepEqual([home.hidden, panel.key, panel.tried()], [false, "s/once", { steps: 50 }]);
  home.querySelector("select").value = "figure-svg";
  home.querySelector("button").click();
  const [name, settings, take, figure] = asked[2];
  assert.deepEqual([name, settings, figure], ["once", { steps: 50 }, { format: "figure-svg", theme: "light" }]);
  take({ id: 3, waiting: 2 });
  take({ id: 3, failed: "It took too long." });
  await new Promise((resolve) => setTimeout(resolve));
  assert.match(home.textContent, /It took too long\./);
  button.click();
  assert.ok(home.hidden, "of a run that is under way there is none");
});

test("a question tells why, right or wrong, and is remembered", () => {
  localStorage.clear();
  const panel = questionPanel("s/0", QUESTION);
  document.body.append(panel);
  const [a, b] = panel.querySelectorAll("input");
  a.click();
  assert.equal(panel.dataset.right, "false");
  assert.match(panel.textContent, /Not so\. because not/);
  assert.deepEqual(score([SECTION], progress()), { right: 0, questions: 1 });
  b.click();
  assert.match(panel.textContent, /Right\. because so/);
  assert.deepEqual(score([SECTION], progress()), { right: 1, questions: 1 });
  assert.equal(questionPanel("s/0", QUESTION).dataset.right, "true");
});

test("what is no progress of ours is none", () => {
  localStorage.setItem("diffviz.learn", '{"met": ["s/x"]}');
  assert.deepEqual(progress(), { predictions: {}, answers: {}, met: ["s/x"] });
  localStorage.setItem("diffviz.learn", "nonsense");
  note(({ met }) => met.push("a"));
  assert.deepEqual(progress().met.at(-1), "a");
});

test("many small noising steps and one large one are told to agree, and others to differ", () => {
  const schedule = makeSchedule("cosine", 1000, { s: 0.008 });
  const x0 = Float32Array.from({ length: 784 }, (_, i) => Math.sin(i));
  const { walked, direct } = bothWays(x0, schedule, 300, 1);
  const added = [walked, direct].map((x) => x.map((value, i) => value - schedule.alpha[300] * x0[i]));
  assert.equal(compared(...added, 300).outcome, "agree");
  assert.equal(compared(added[0], added[1].map((value) => 1.5 * value), 300).outcome, "differ");
});

test("the gap between distributions is theirs", () => {
  assert.equal(distributionGap(Float64Array.of(1, 2), Float64Array.of(3, 4)), 1);
  assert.equal(distributionGap(Float64Array.of(1, 2, 3), Float64Array.of(3, 1, 2)), 0);
  assert.equal(distributionGap(Float64Array.of(1, 3), Float64Array.of(2, 4)), 0.5);
  const gaps = Array.from({ length: 40 }, (_, k) => distributionGap(counterNoise(1, 2 * k, 200), counterNoise(1, 2 * k + 1, 200)));
  assert.ok(gaps.filter((gap) => gap > gapDue(200)).length <= 3);
});

test("the challenge of the drawn schedule refuses and accepts", () => {
  assert.equal(drownedByHalf(undefined).outcome, "none");
  assert.equal(drownedByHalf([1, 0.5, 0.01]).outcome, "not");
  assert.equal(drownedByHalf([1, 0.05, 0.01]).outcome, "met");
});

test("a step by hand has the numbers of its pixel", () => {
  const half = "ADgAvA=="; // 0.5 and −1
  const written = { t: 500, s: 400, alpha: [0.5, 0.8], sigma: [0.9, 0.6], shape: [1, 1, 2], x: half, x0: half, eps: half };
  assert.ok(Math.abs(stepTex(written, 1).value - -1.4) < 1e-9);
  assert.ok(Math.abs(stepTex(written, 1, 2).value - -2) < 1e-9);
  assert.match(stepTex(written, 1).step, /x_\{400\}.*0\.800 \\cdot \(-1\.000\) \+ 0\.600 \\cdot \(-1\.000\) = -1\.400/);
});

test("equations are MathML, and what is between dollars in code becomes one", () => {
  assert.ok(equation("x_t").querySelector("math"));
  const root = document.createElement("div");
  root.innerHTML = "<p><code>$x_t$</code> and <code>x_t</code></p><pre><code class='language-math'>a = b</code></pre>";
  typeset(root);
  assert.equal(root.querySelectorAll("math").length, 2);
  assert.equal(root.querySelectorAll("code").length, 1);
  assert.ok(root.querySelector(".equation.display"));
  assert.equal(equation("\\frac{").querySelectorAll("script").length, 0);
});

test("a link to a section is a link to its tab", () => {
  assert.equal(parted("#learn/forward").tab, "learn");
  assert.equal(parted("#learn").tab, "learn");
  assert.deepEqual(parted("#forward?t=5").said, { t: "5" });
});
