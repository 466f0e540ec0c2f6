// The owner's token: a secret that this browser keeps, by which its trainings know it again.

import { store } from "../lib/store.js";

/** The token, made at the first call. */
export function ownerToken() {
  const known = store.get("owner");
  if (known) return known;
  const random = crypto.getRandomValues(new Uint8Array(16));
  const token = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  store.set("owner", token);
  return token;
}
