// How the live connection is, in words.

import { at } from "./dom.js";
import { LINK } from "./words.js";

/** Show a state, or with "" none. */
export function showLink(state) {
  const line = at("link");
  line.dataset.state = state;
  line.textContent = LINK[state] ?? "";
}
