// ?train=ID is a link to watch that training. Anybody can write one, with anything for an ID.

export const LINK = "train";
const ID = /^(?:[0-9a-f]{16}|recorded)$/; // as diffviz/web/names.py has it

/**
 * Whether a text has the form of a training's id; an address could be made of another one.
 * @param {string | null | undefined} text
 */
export const isTraining = (text) => ID.test(text ?? "");
