// What can be taken home of the noising: a film of it, its steps side by side, figures.

import { figureFormats, takeAway } from "../lib/takeaway.js";
import { DRAWN } from "../lib/schedules.js";
import { whole } from "./noised.js";

/** @import { ForwardState } from "./state.js" */
/** @import { ForwardServer } from "./types.d.ts" */

const FORMATS = {
  gif: "GIF", mp4: "MP4", strip: "PNG strip",
  ...figureFormats("Figure"),
  ...figureFormats("Schedules", "schedules-figure"),
};

/** @param {ForwardState} state @param {ForwardServer} server */
export function takePanel(state, server) {
  return takeAway(FORMATS, async (format, theme) => {
    const { picture, t, seed, rivals } = state;
    if (!picture) return { error: "There is no picture yet." };
    const { picture: source } = await whole(picture);
    const { schedule, T, zeroTerminal, parameters, handles } = state.described();
    const settings = {
      schedule, T, t, seed, zero_terminal_snr: zeroTerminal, schedule_parameters: parameters,
      ...(schedule === DRAWN && { handles }),
    };
    return server.take_noising({ picture: source, settings, rivals, format, theme });
  });
}
