// What happens in the server, read live by long poll. Every entry is handed on once.

import { Rounds, read } from "./rounds.js";

const WAIT_S = 25; // the server answers at once when something happens
const REST_MS = 300; // so a flood costs the server a few answers a second, each with many entries

export class Feed {
  #service;
  #tell;
  #rounds;
  #wish = {};
  #next = 0;
  #since = null; // when the server began to take note; another time is another count of everything
  #missed = 0;
  #known = false; // whether the server has answered to this wish

  /** @param tell {entries(items), counts({sampledAway, missed, since}), link, trouble}: the last two as of Rounds */
  constructor(service, tell) {
    this.#service = service;
    this.#tell = tell;
    this.#rounds = new Rounds((signal) => this.#round(signal), tell);
  }

  /** Begin, or go on with another wish: {kinds, app_id} as the route takes them. */
  start(wish) {
    this.#wish = wish;
    this.#known = false;
    this.#rounds.start();
  }

  /** End the poll that waits. */
  stop() {
    this.#rounds.stop();
  }

  async #round(signal) {
    const asked = { ...this.#wish, after: this.#next, wait: this.#known ? WAIT_S : 0 };
    const answer = await read(this.#service, "/api/v1/admin/feed", asked, signal);
    if (signal.aborted) return null;
    const anew = this.#since !== null && answer.since !== this.#since;
    this.#since = answer.since;
    if (anew) this.#missed = 0;
    if (anew && this.#next > 0) {
      this.#next = 0; // its numbers begin anew, and this answer left out those that we have seen of others
      return 0;
    }
    this.#missed += answer.missed;
    this.#next = answer.next;
    const first = !this.#known;
    this.#known = true;
    if (answer.items.length > 0) this.#tell.entries(answer.items);
    this.#tell.counts({ sampledAway: answer.sampled_away, missed: this.#missed, since: answer.since });
    return first || answer.items.length === 0 ? 0 : REST_MS;
  }
}
