// What Gradio's client does wrong where a run is stopped, or gives way to another. It cancels an event
// whose id the server has not told yet by no id, and the event would go on: here the id is waited for.
// And once its cancel is answered it forgets the function's event, be it another by then, which nothing
// could stop any more: so it is answered at once, before the next can be begun.

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
    /** @param {string | undefined} id */
    const end = async (id) => id && ask(input, { ...init, body: JSON.stringify({ ...body, event_id: id }) });
    Promise.resolve(body.event_id ?? (cancel ? ids.get(body.fn_index) : undefined)).then(end).catch(() => {}); // it ends with its page
    return new Response('{"success": true}', { headers: { "Content-Type": "application/json" } });
  };
}
