// What happens in the server, read live by long poll. Every entry is handed on once.

import { Rounds, read } from "./rounds.js";

const WAIT_S = 25; // the server answers when something happens
const SOON_S = 1; // after entries: what was left out since is counted though nothing more is shown
const REST_MS = 300; // so a flood costs the server a few answers a second, each with many entries

export class Feed {
  #service;
  #tell;
  #rounds;
  #wish = {};
  #next = 0;
  #since = null; // when the server began to take note; another time is another count of everything
  #missed = 0;
  #wait = 0; // of the next request: the first one tells how it is

  /** @param tell {entries(items), counts({sampledAway, missed, since}), link, trouble}: the last two as of Rounds */
  constructor(service, tell) {
    this.#service = service;
    this.#tell = tell;
    this.#rounds = new Rounds((signal) => this.#round(signal), tell);
  }

  /** Begin, or go on with another wish: {kinds, app_id} as the route takes them. */
  start(wish) {
    this.#wish = wish;
    this.#wait = 0;
    this.#rounds.start();
  }

  /** End the poll that waits. */
  stop() {
    this.#rounds.stop();
  }

  async #round(signal) {
    const asked = { ...this.#wish, after: this.#next, wait: this.#wait };
    const answer = await read(this.#service, "/api/v1/admin/feed", asked, signal);
    if (signal.aborted) return null;
    const anew = this.#since !== null && answer.since !== this.#since;
    this.#since = answer.since;
    if (anew) this.#missed = 0;
    if (anew && this.#next > 0) {
      this.#next = this.#wait = 0; // its numbers begin anew, and this answer left out those that we have seen of others
      return 0;
    }
    this.#missed += answer.missed;
    this.#next = answer.next;
    this.#wait = answer.items.length > 0 ? SOON_S : WAIT_S;
    if (answer.items.length > 0) this.#tell.entries(answer.items);
    this.#tell.counts({ sampledAway: answer.sampled_away, missed: this.#missed, since: answer.since });
    return REST_MS;
  }
}
