import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitForIds } from "../../diffviz/ui/lib/cancels.js";

const AT = "http://localhost/prefix/gradio_api";
const settled = () => new Promise((resolve) => setTimeout(resolve));
const json = (value) => new Response(JSON.stringify(value));

test("what is cancelled before its id is known is cancelled by its id", async () => {
  const asked = [];
  const answers = [];
  const page = {
    fetch(url, init) {
      asked.push([String(url).replace(AT, ""), init?.body && JSON.parse(init.body)]);
      return String(url).includes("/join") ? new Promise((resolve) => answers.push(resolve)) : Promise.resolve(json({ success: true }));
    },
  };
  waitForIds(page);
  const post = (path, body) => page.fetch(`${AT}${path}`, { method: "POST", body: JSON.stringify(body) });
  const first = post("/queue/join?", { fn_index: 3, data: [] });
  const cancelled = post("/cancel", { event_id: null, session_hash: "s", fn_index: 3 });
  assert.equal((await post("/reset", { event_id: null })).status, 200);
  post("/queue/join?", { fn_index: 3, data: [] }); // and begun again
  assert.equal((await cancelled).status, 200, "at once");
  assert.ok(!asked.some(([path]) => path === "/cancel"), "it waits");
  answers[0](json({ event_id: "abc" }));
  await settled();
  assert.deepEqual(asked.at(-1), ["/cancel", { event_id: "abc", session_hash: "s", fn_index: 3 }]);
  assert.equal((await (await first).json()).event_id, "abc", "Gradio's client reads it as well");
  await post("/cancel", { event_id: "def", session_hash: "s", fn_index: 3 });
  await settled();
  assert.equal(asked.at(-1)[1].event_id, "def");
  const before = asked.length;
  assert.equal((await post("/cancel", { event_id: null, session_hash: "s", fn_index: 9 })).status, 200);
  await settled();
  assert.equal(asked.length, before, "of what never began there is nothing to end");
  await page.fetch(`${AT}/info`);
  assert.equal(asked.at(-1)[0], "/info");
});

test("a cancel is answered before the server does: another event may be begun meanwhile", async () => {
  const page = { fetch: () => new Promise(() => {}) }; // a server that never answers
  waitForIds(page);
  const body = JSON.stringify({ event_id: "abc", session_hash: "s", fn_index: 3 });
  for (const path of ["/cancel", "/reset"]) assert.equal((await page.fetch(`${AT}${path}`, { method: "POST", body })).status, 200);
});
