// Questions to the server that are asked until it answers.

import { passes } from "./service.js";

const FIRST_MS = 1000;
const MOST_MS = 15000;

/** Pauses that grow, not all pages' alike; a server that names a time is given it. */
export class Pause {
  #first;
  #most;
  #next;

  /** @param first, most of them, in milliseconds */
  constructor(first = FIRST_MS, most = MOST_MS) {
    this.#first = this.#next = first;
    this.#most = most;
  }

  /** How long to wait after this fault, if one is known, in milliseconds. */
  after(fault) {
    const pause = Math.max(this.#next * (0.75 + Math.random() / 2), (fault?.retryAfter ?? 0) * 1000);
    this.#next = Math.min(this.#next * 1.5, this.#most);
    return pause;
  }

  /** It answers: begin with short ones again. */
  reset() {
    this.#next = this.#first;
  }
}

/**
 * Do something that needs an answer of the server, again and again while none comes.
 * @param work async
 * @param wanted whether it is still wanted; when not, the last fault is thrown
 * @param away called with true while no answer comes, and with false at the end
 */
export async function patiently(work, wanted, away) {
  const pause = new Pause();
  for (;;) {
    try {
      const answer = await work();
      away(false);
      return answer;
    } catch (fault) {
      if (!passes(fault) || !wanted()) {
        away(false);
        throw fault;
      }
      away(true);
      await new Promise((resolve) => setTimeout(resolve, pause.after(fault)));
    }
  }
}

/** All items of a list that comes in pages. */
export async function all(service, path) {
  const found = [];
  for (let cursor = null; ; ) {
    const url = `${path}${path.includes("?") ? "&" : "?"}limit=100`;
    const page = await service.call("GET", cursor === null ? url : `${url}&cursor=${encodeURIComponent(cursor)}`);
    found.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) return found;
  }
}
