import "./page.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitForIds } from "../../diffviz/ui/lib/cancels.js";

const AT = "http://localhost/prefix/gradio_api";
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
  await Promise.resolve();
  assert.ok(!asked.some(([path]) => path === "/cancel"), "it waits");
  answers[0](json({ event_id: "abc" }));
  assert.equal((await cancelled).status, 200);
  assert.deepEqual(asked.at(-1), ["/cancel", { event_id: "abc", session_hash: "s", fn_index: 3 }]);
  assert.equal((await (await first).json()).event_id, "abc", "Gradio's client reads it as well");
  await post("/cancel", { event_id: "def", session_hash: "s", fn_index: 3 });
  assert.equal(asked.at(-1)[1].event_id, "def");
  const before = asked.length;
  assert.equal((await post("/cancel", { event_id: null, session_hash: "s", fn_index: 9 })).status, 200);
  assert.equal(asked.length, before, "of what never began there is nothing to end");
  await page.fetch(`${AT}/info`);
  assert.equal(asked.at(-1)[0], "/info");
});
