import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Timeline } from "../../diffviz/ui/lib/timeline.js";

let clock = 0;
let shown = [];
let timeline;

function pass(milliseconds) {
  clock += milliseconds;
  mock.timers.tick(milliseconds);
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  clock = 5_000;
  shown = [];
  timeline = new Timeline({ fps: 10, now: () => clock, onChange: () => {
    if (shown.at(-1) !== timeline.position) shown.push(timeline.position);
  } });
});

test("it follows frames as they come", () => {
  timeline.begin(4);
  for (const count of [1, 2, 3, 4]) {
    pass(100);
    timeline.arrive(count);
    assert.equal(timeline.position, count - 1);
  }
});

test("frames that come together are walked through in as long as they were awaited", () => {
  timeline.begin(8);
  timeline.arrive(1);
  pass(600);
  timeline.arrive(7);
  assert.equal(timeline.position, 0);
  pass(100);
  assert.equal(timeline.position, 1);
  pass(500);
  assert.equal(timeline.position, 6);
  assert.deepEqual(shown, [0, 1, 2, 3, 4, 5, 6]);
});

test("after a long wait it dawdles at no more than a second a frame", () => {
  timeline.begin(8);
  timeline.arrive(1);
  pass(60_000);
  timeline.arrive(4);
  pass(3_000);
  assert.equal(timeline.position, 3);
});

/** A run of so many steps as the server tells of it, to its end. */
function run(length) {
  timeline.begin(length);
  for (let count = 1; count <= length; count++) {
    pass(50);
    timeline.arrive(count);
  }
  timeline.end();
}

test("a position that was chosen stays through frames to come; a new run is followed to its end", () => {
  timeline.begin(20);
  timeline.arrive(15);
  timeline.hold(12);
  timeline.arrive(20);
  assert.equal(timeline.position, 12);
  run(20);
  assert.equal(timeline.position, 19);
  timeline.play(3);
  timeline.toggle(); // which pauses
  run(9);
  assert.equal(timeline.position, 8);
});

test("a pinned position stays through runs to come, until it is let go or played on", () => {
  run(20);
  timeline.hold(12);
  timeline.pin(true);
  run(20);
  assert.deepEqual([timeline.position, timeline.pinned], [12, true]);
  timeline.hold(19);
  run(20);
  assert.equal(timeline.position, 19, "the pin goes with the scrubber, also to the end");
  run(6);
  assert.equal(timeline.position, 5, "as far as a shorter run has it");
  timeline.hold(2);
  timeline.begin(6);
  timeline.arrive(4);
  timeline.pin(false);
  pass(5_000);
  assert.deepEqual([timeline.position, timeline.pinned], [3, false]);
  timeline.pin(true);
  timeline.play();
  assert.equal(timeline.pinned, false);
});

test("the visitor's choice alone is told as such", () => {
  const told = [];
  timeline = new Timeline({ onChange: (chosen) => told.push(chosen) });
  timeline.begin(3);
  timeline.arrive(1);
  assert.ok(!told.includes(true));
  timeline.hold(0);
  assert.equal(told.at(-1), true);
});

test("it plays at its speed, and pauses at the end", () => {
  timeline.begin(4);
  timeline.arrive(4);
  timeline.end();
  timeline.play(0);
  pass(100);
  assert.deepEqual([timeline.position, timeline.playing], [1, true]);
  timeline.speed = 2;
  pass(400);
  assert.equal(timeline.position, 1);
  pass(100);
  assert.equal(timeline.position, 2);
  pass(1_000);
  assert.deepEqual([timeline.position, timeline.playing], [3, false]);
});

test("playing waits for frames that are still to come, and goes on with them", () => {
  timeline.begin(4);
  timeline.arrive(2);
  timeline.play(0);
  pass(1_000);
  assert.deepEqual([timeline.position, timeline.playing], [1, true]);
  timeline.arrive(4);
  pass(200);
  assert.equal(timeline.position, 3);
});

test("a run that was stopped plays to what there is of it", () => {
  timeline.begin(100);
  timeline.arrive(3);
  timeline.end();
  timeline.play(0);
  pass(400);
  assert.deepEqual([timeline.position, timeline.playing], [2, false]);
});

test("play at the end begins again; pause holds", () => {
  timeline.begin(4);
  timeline.arrive(4);
  timeline.end();
  pass(10_000);
  assert.equal(timeline.position, 3);
  timeline.toggle();
  assert.equal(timeline.position, 0);
  pass(100);
  timeline.toggle();
  pass(1_000);
  assert.deepEqual([timeline.position, timeline.playing, timeline.held], [1, false, true]);
});

test("a film starts over after its rest, until something else begins", async () => {
  mock.timers.reset(); // which goes on with an interval that was cleared as it rang
  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  timeline.fps = 100;
  timeline.begin(3);
  Object.assign(timeline, { arrived: 3, ended: true, loop: 20 });
  timeline.play(0);
  for (let tries = 0; tries < 100 && shown.length < 5; tries++) await wait(20);
  assert.deepEqual(shown.slice(0, 5), [0, 1, 2, 0, 1]);
  assert.equal(timeline.playing, true);
  timeline.begin(5);
  assert.equal(timeline.playing, false);
  await wait(100);
  assert.equal(timeline.position, 0);
});

test("more frames than were foretold lengthen it", () => {
  timeline.begin(0);
  timeline.arrive(1);
  timeline.arrive(2);
  assert.deepEqual([timeline.length, timeline.position], [2, 1]);
});
