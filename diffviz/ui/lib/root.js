// Where the app is, for addresses of what it serves.

/** The path that the app is served under, "" where it has the host to itself. Of the address that
 *  Gradio says it is at only the path is sure: a proxy may have changed scheme and port. */
export function root() {
  return new URL(window.gradio_config?.root || "/", location.href).pathname.replace(/\/$/, "");
}
