// What is stopped as soon as it was begun: Gradio's client then cancels an event whose id the server has
// not told yet, by no id, and the event would go on. Here the id is waited for.

const [JOIN, CANCEL, RESET] = ["/gradio_api/queue/join", "/gradio_api/cancel", "/gradio_api/reset"];

/** @param {{ fetch: typeof fetch }} page whose requests these are */
export function waitForIds(page) {
  const ask = page.fetch.bind(page);
  /** @type {Map<number, Promise<string | undefined>>} The id of the last event of each function. */
  const ids = new Map();
  page.fetch = async (input, init) => {
    const path = new URL(input instanceof Request ? input.url : input, location.href).pathname;
    const [join, cancel, reset] = [JOIN, CANCEL, RESET].map((end) => path.endsWith(end));
    if (!(join || cancel || reset) || typeof init?.body !== "string") return ask(input, init);
    const body = JSON.parse(init.body);
    if (join) {
      const answer = ask(input, init);
      ids.set(body.fn_index, answer.then((told) => told.clone().json()).then((told) => told.event_id).catch(() => undefined));
      return answer;
    }
    if (body.event_id !== null && body.event_id !== undefined) return ask(input, init);
    const id = cancel ? await ids.get(body.fn_index) : undefined;
    if (id) return ask(input, { ...init, body: JSON.stringify({ ...body, event_id: id }) });
    return new Response('{"success": true}', { headers: { "Content-Type": "application/json" } }); // there is nothing to end
  };
}
