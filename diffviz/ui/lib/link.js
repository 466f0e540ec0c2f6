// ?train=ID is a link to watch that training. Anybody can write one, with anything for an ID.

const LINK = "train";
const ID = /^(?:[0-9a-f]{16}|recorded)$/; // as diffviz/web/names.py has it

/**
 * Whether a text has the form of a training's id; an address could be made of another one.
 * @param {string | null | undefined} text
 */
export const isTraining = (text) => ID.test(text ?? "");

/** The training that this page's address is a link to, or null. */
export const linkedTraining = () => new URLSearchParams(location.search).get(LINK);

/** What an address has to end in to be a link to a training. @param {string} id */
export const linkTo = (id) => `?${LINK}=${id}`;
