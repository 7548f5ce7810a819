// One generation or world, followed live. Every event is handed on once, in order, whatever the network does.

import { connect, leave } from "./live.js";
import { open, passes } from "./service.js";

const EVENTS = ["progress_update", "stage_complete", "generation_complete", "error"]
  .concat("environment_status", "script_update", "asset_ready"); // these of a world
const KNOCK_MS = 1000; // the first look for a lost server; later ones come ever later
const KNOCK_MOST_MS = 15000;

export class Watch {
  #service;
  #session;
  #tell;
  #pusher = null;
  #seq; // of the newest event that was handed on
  #early = new Map(); // events that came before one that is still missing
  #catching = null;
  #knock = null;
  #pause = KNOCK_MS;
  #link = "";

  /**
   * @param service signs the subscription and knows the events so far
   * @param session {private_channel, events_url} of it
   * @param tell {event(envelope), words?(data), link("joining" | "live" | "away" | "back"), trouble(error)}; `words` are
   *   being written just now, kept nowhere and no part of the events
   * @param after number of the last event that is known
   */
  constructor(service, session, tell, after = 0) {
    this.#seq = after;
    this.#service = service;
    this.#session = session;
    this.#tell = tell;
  }

  /** Begin, or go on after `stop`. */
  async start() {
    this.stop();
    this.#say("joining");
    this.#caughtUp();
    try {
      const config = await open("/api/v1/realtime/config");
      if (this.#link === "joining" && this.#pusher === null) this.#connect(config);
    } catch (fault) {
      this.#away(fault);
    }
  }

  /** Whether it was let go of, or has ended by itself: then nothing is told. */
  get stopped() {
    return this.#link === "";
  }

  /** Let go of the connection; nothing more is told. */
  stop() {
    this.#still();
    this.#link = "";
    if (this.#pusher !== null) leave(this.#pusher);
    this.#pusher = null;
  }

  #still() {
    clearTimeout(this.#knock);
    this.#knock = null;
  }

  #connect(config) {
    const pusher = connect(this.#service, config);
    this.#pusher = pusher;
    pusher.connection.bind("state_change", ({ current }) => {
      if (pusher !== this.#pusher || (current === "connecting" && this.#link === "joining")) return;
      if (["connecting", "unavailable", "failed", "disconnected"].includes(current)) this.#away();
    });
    const channel = pusher.subscribe(this.#session.private_channel);
    channel.bind("pusher:subscription_succeeded", () => this.#live());
    channel.bind("pusher:subscription_error", () => this.#away());
    for (const name of EVENTS) channel.bind(name, (event) => this.#take(event));
    channel.bind("content_delta", ({ data }) => this.#link !== "" && this.#tell.words?.(data));
  }

  // ---- the connection ----

  #say(link) {
    this.#link = link;
    this.#tell.link(link);
  }

  #live() {
    this.#still();
    this.#pause = KNOCK_MS;
    this.#say(this.#link === "away" || this.#link === "back" ? "back" : "live");
    // Where no history is kept, the list fills the gap: a reading that began before may have missed it.
    Promise.resolve(this.#catching)
      .catch(() => {})
      .then(() => this.#link !== "" && this.#caughtUp());
  }

  #away(fault) {
    if (this.#link === "" || this.#knock !== null) return;
    if (this.#ends(fault)) return;
    if (this.#link !== "away") this.#say("away");
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 1.5, KNOCK_MOST_MS);
    this.#knock = setTimeout(() => this.#look(), pause);
  }

  // pusher-js tries again after 15 seconds and more. The list is asked sooner: it shows what happened meanwhile, and that
  // there is a server again.
  async #look() {
    let fault;
    try {
      await this.#catchUp();
      if (this.#link !== "away") return; // over, or live again, while the list was read
      if (this.#pusher === null) {
        const config = await open("/api/v1/realtime/config");
        if (this.#link === "away" && this.#pusher === null) this.#connect(config);
      } else {
        const pusher = this.#pusher;
        pusher.disconnect();
        pusher.connect();
      }
    } catch (problem) {
      fault = problem;
    }
    this.#still();
    if (this.#link === "away") this.#away(fault);
  }

  // A refusal that no waiting changes ends it.
  #ends(fault) {
    if (fault === undefined || passes(fault)) return false;
    this.stop();
    this.#tell.trouble(fault);
    return true;
  }

  // ---- the events ----

  #take(event) {
    if (this.#link === "" || event.seq <= this.#seq) return;
    this.#early.set(event.seq, event);
    for (let next; (next = this.#early.get(this.#seq + 1)) !== undefined; ) {
      this.#early.delete(next.seq);
      this.#seq = next.seq;
      this.#tell.event(next);
    }
    if (this.#early.size > 0 && this.#catching === null) this.#caughtUp();
  }

  #caughtUp() {
    return this.#catchUp().catch((fault) => this.#away(fault));
  }

  #catchUp() {
    this.#catching ??= this.#read().finally(() => (this.#catching = null));
    return this.#catching;
  }

  async #read() {
    let from, gap;
    do {
      from = this.#seq;
      gap = this.#early.size > 0;
      for (let after = from; after !== null && this.#link !== ""; ) {
        const page = await this.#service.call("GET", `${this.#session.events_url}?after=${after}`);
        page.items.forEach((event) => this.#take(event));
        after = page.next_cursor;
      }
      // Once more when a gap opened behind the list's back, or when closing one showed another.
    } while (this.#early.size > 0 && (!gap || this.#seq > from) && this.#link !== "");
  }
}
