// Numbers in words and figures, as people read them.

/** A number in few digits that do not jump about. @param {number} value */
export function digits(value) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "–";
  const size = Math.abs(value);
  let text = size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(2) : value.toFixed(4);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) text = value.toExponential(1);
  return minus(text);
}

/** With a minus sign as wide as a plus. @param {string | number} value */
export function minus(value) {
  return String(value).replace("-", "−");
}

/** With a capital first letter, but that a symbol stays what it is: η is not H, as ui/messages.py has it. @param {string} text */
export function capital(text) {
  return /^[a-z](?!_)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** So many of something, of which there may be one. @param {number} count @param {string} thing */
export function counted(count, thing) {
  return `${thousands(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** Of so many steps whose noise a network was not trained on; nothing for none. @param {number} count */
export function unlearned(count) {
  if (!count) return "";
  return `${count === 1 ? "One step is" : `${thousands(count)} steps are`} outside the noise that this network was trained on.`;
}

/** With commas between thousands. @param {number} count */
export function thousands(count) {
  return count.toLocaleString("en");
}

/** In seconds, minutes or hours. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** A sentence of the server's or of a link's, as one reads it. @param {string} text */
export function sentence(text) {
  const [first] = text.split(" ");
  const begun = first.length > 1 || first === "a" ? capital(text) : text; // t is not T
  return text && `${begun.replace(/\.$/, "")}.`;
}
