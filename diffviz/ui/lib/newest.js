// Questions to the server while a slider moves: one at a time, and after it the newest alone.

/** @import { Answer } from "./types.d.ts" */

const NO_SERVER = "The server does not answer; please try again.";

/**
 * Returns what asks: of the requests that come while one is under way only the last is asked after
 * it. show(answer, request): each answer, or a sentence that says why there is none.
 * @template Request, Content
 * @param {(request: Request) => Promise<Answer<Content>>} ask
 * @param {(answer: Answer<Content>, request: Request) => void} show
 */
export function newest(ask, show) {
  let busy = false;
  /** @type {Request[]} */
  let next = []; // one at most

  /** @param {Request} request */
  return async function want(request) {
    next = [request];
    if (busy) return;
    busy = true;
    for (let wanted = next.pop(); wanted !== undefined; wanted = next.pop())
      show((await ask(wanted).catch(() => null)) ?? { error: NO_SERVER }, wanted);
    busy = false;
  };
}
