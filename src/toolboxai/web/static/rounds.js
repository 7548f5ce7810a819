// Something that is done again and again while it is looked at, also over a lost connection.

import { Refusal, SignedOut, Unreachable, passes } from "./service.js";

const AWAY_MS = 1000; // before the first look for a lost server; later ones come ever later
const AWAY_MOST_MS = 15000;

export class Rounds {
  #work;
  #tell;
  #ending = null;

  /**
   * @param work async (signal) => milliseconds until it is to be done again, or null: not until `start`
   * @param tell {link("live" | "away", fault), trouble(fault)}: how it goes; after trouble it has stopped
   */
  constructor(work, tell) {
    this.#work = work;
    this.#tell = tell;
  }

  /** Begin; a round that is under way is given up. */
  start() {
    this.stop();
    this.#ending = new AbortController();
    this.#run(this.#ending.signal);
  }

  /** Give up what is under way; nothing more is told. */
  stop() {
    this.#ending?.abort();
    this.#ending = null;
  }

  async #run(signal) {
    let away = AWAY_MS;
    while (!signal.aborted) {
      let rest;
      try {
        rest = await this.#work(signal);
        away = AWAY_MS;
        if (!signal.aborted) this.#tell.link("live", null);
        if (rest === null) return;
      } catch (fault) {
        if (signal.aborted) return;
        if (!passes(fault)) {
          this.stop();
          this.#tell.trouble(fault);
          return;
        }
        this.#tell.link("away", fault);
        rest = (fault.retryAfter ?? 0) * 1000 || away * (0.75 + Math.random() / 2);
        away = Math.min(away * 1.5, AWAY_MOST_MS);
      }
      await pause(rest, signal);
    }
  }
}

/** JSON of a route, as whoever is signed in; of what is asked, that which is empty is left out. */
export async function read(service, path, asked = {}, signal = undefined) {
  const said = Object.entries(asked).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = said.length > 0 ? `?${new URLSearchParams(said)}` : "";
  try {
    return await (await service.fetch(path + query, { signal })).json();
  } catch (fault) {
    if (fault instanceof Refusal || fault instanceof SignedOut) throw fault;
    throw fault instanceof Unreachable ? fault : new Unreachable(String(fault)); // cut off in the middle of the answer
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
