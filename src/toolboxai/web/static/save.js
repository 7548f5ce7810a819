// Files that the browser shall save. Chromium drops without a word what a page begins as its eleventh download in a second.

import { make } from "./dom.js";

const AT_ONCE = 10;
const WITHIN_MS = 1100; // its second, and something for the difference between its clock and ours
const begun = []; // when the last ones were, oldest first

/** Have the browser save what is at an address, under a name or its own; a moment later where it would otherwise be lost. */
export async function save(url, name = "") {
  if (begun.length === AT_ONCE) {
    const wait = begun.shift() + WITHIN_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  begun.push(performance.now());
  make("a", undefined, { href: url, download: name }).click();
}
