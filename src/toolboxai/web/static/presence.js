// Being there: who has a lesson of a class open is seen by its teacher, and sees how many are there.

import { connect, leave } from "./live.js";
import { Pause } from "./patience.js";
import { open, passes } from "./service.js";

const AGAIN_MS = 5000;
const AGAIN_MOST_MS = 60000;

export class Presence {
  #service;
  #tell;
  #name = null; // of the channel
  #pusher = null;
  #again = null;
  #pause = new Pause(AGAIN_MS, AGAIN_MOST_MS);

  /** @param tell called with how many are there, or null while that is not known */
  constructor(service, tell) {
    this.#service = service;
    this.#tell = tell;
  }

  /** Be on this channel and on no other; null: on none. */
  join(name) {
    if (name === this.#name) return;
    this.leave();
    this.#name = name;
    if (name !== null) this.#begin();
  }

  /** Be there no more. */
  leave() {
    clearTimeout(this.#again);
    this.#name = null;
    this.#pause.reset();
    if (this.#pusher !== null) leave(this.#pusher);
    this.#pusher = null;
    this.#tell(null);
  }

  async #begin() {
    const name = this.#name;
    try {
      const config = await open("/api/v1/realtime/config");
      if (name === this.#name && this.#pusher === null) this.#enter(name, config);
    } catch (fault) {
      if (name === this.#name) this.#refused(fault, () => this.#begin());
    }
  }

  // pusher-js comes back by itself after a cut, and subscribes anew; but not when the signature could not be had.
  #enter(name, config) {
    const pusher = connect(this.#service, config, (fault) => {
      if (pusher === this.#pusher) this.#refused(fault, () => channel.subscribe());
    });
    const channel = pusher.subscribe(name);
    const count = () => pusher === this.#pusher && this.#tell(channel.members.count);
    this.#pusher = pusher;
    channel.bind("pusher:subscription_succeeded", () => {
      this.#pause.reset();
      count();
    });
    channel.bind("pusher:member_added", count);
    channel.bind("pusher:member_removed", count);
    pusher.connection.bind("state_change", ({ current }) => {
      if (pusher === this.#pusher && current !== "connected") this.#tell(null);
    });
  }

  /** Later once more; where no waiting helps, whoever is let in again joins anew. */
  #refused(fault, again) {
    if (!passes(fault)) return this.leave();
    clearTimeout(this.#again);
    this.#again = setTimeout(again, this.#pause.after(fault));
  }
}
