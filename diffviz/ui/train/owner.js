// The owner's token: a secret that this browser keeps, by which its trainings know it again.

const KEY = "diffviz.owner"; // tab.py reads it too

/** The token, made at the first call. */
export function ownerToken() {
  let token = localStorage.getItem(KEY);
  if (!token) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    token = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(KEY, token);
  }
  return token;
}
