// One class live, with stock pusher-js: who is there, and the answers of its pupils. What was told while nobody listened
// is read from the server, each time before the line counts as live.

import { connect, leave } from "./live.js";
import { Pause } from "./patience.js";
import { open, passes } from "./service.js";

export class ClassLine {
  #service;
  #room;
  #own;
  #tell;
  #pusher = null;
  #on = new Set(); // channels that are subscribed to on the connection there is
  #knock = null;
  #pause = new Pause(); // between looks for a lost server
  #link = "";

  /**
   * @param service signs the subscriptions
   * @param channels {room: the class's presence channel, own?: the private channel of whoever is signed in, for answers}
   * @param tell {link("joining" | "live" | "away" | "back"), here(Map of user id to what is told of them, or null while it
   *   is not known), answer?(data of a quiz_answer), again() async: read what there is, trouble(error)}
   */
  constructor(service, channels, tell) {
    this.#service = service;
    this.#room = channels.room;
    this.#own = channels.own;
    this.#tell = tell;
  }

  /** Begin; once. */
  async start() {
    this.#say("joining");
    try {
      const config = await open("/api/v1/realtime/config");
      if (this.#link === "joining" && this.#pusher === null) this.#connect(config);
    } catch (fault) {
      this.#away(fault);
    }
  }

  /** Let go of the connection; nothing more is told. */
  stop() {
    clearTimeout(this.#knock);
    this.#link = "";
    if (this.#pusher !== null) leave(this.#pusher);
    this.#pusher = null;
  }

  #connect(config) {
    const pusher = connect(this.#service, config);
    this.#pusher = pusher;
    pusher.connection.bind("state_change", ({ current }) => {
      if (pusher !== this.#pusher || current === "connected") return;
      this.#on.clear();
      if (current !== "connecting" || this.#link !== "joining") this.#away();
    });
    const room = this.#subscribe(this.#room);
    const here = () => this.#link !== "" && this.#tell.here(members(room));
    for (const name of ["pusher:subscription_succeeded", "pusher:member_added", "pusher:member_removed"]) room.bind(name, here);
    if (this.#own === undefined) return;
    this.#subscribe(this.#own).bind("quiz_answer", ({ data }) => this.#link !== "" && this.#tell.answer(data));
  }

  #subscribe(name) {
    const channel = this.#pusher.subscribe(name);
    channel.bind("pusher:subscription_succeeded", () => {
      this.#on.add(name);
      if (this.#complete) this.#joined();
    });
    channel.bind("pusher:subscription_error", () => this.#away());
    return channel;
  }

  get #complete() {
    return this.#on.size === (this.#own === undefined ? 1 : 2);
  }

  #say(link) {
    this.#link = link;
    this.#tell.link(link);
  }

  async #joined() {
    try {
      await this.#tell.again();
    } catch (fault) {
      this.#away(fault);
      return;
    }
    if (this.#link === "" || !this.#complete) return;
    clearTimeout(this.#knock);
    this.#knock = null;
    this.#pause.reset();
    this.#say(this.#link === "away" || this.#link === "back" ? "back" : "live");
  }

  #away(fault) {
    if (this.#link === "" || this.#knock !== null) return;
    if (fault !== undefined && !passes(fault)) {
      this.stop(); // a refusal that no waiting changes
      this.#tell.here(null);
      this.#tell.trouble(fault);
      return;
    }
    if (this.#link !== "away") {
      this.#say("away");
      this.#tell.here(null);
    }
    this.#knock = setTimeout(() => this.#look(), this.#pause.after(fault));
  }

  // pusher-js waits 15 seconds and more between its tries. The server is asked sooner: its answer shows what happened
  // meanwhile, and that a live connection may be had again.
  async #look() {
    let fault;
    try {
      await this.#tell.again();
      if (this.#link !== "away") return;
      if (this.#pusher === null) {
        const config = await open("/api/v1/realtime/config");
        if (this.#link === "away" && this.#pusher === null) this.#connect(config);
      } else {
        const pusher = this.#pusher;
        this.#on.clear();
        pusher.disconnect();
        pusher.connect();
      }
    } catch (problem) {
      fault = problem;
    }
    this.#knock = null;
    if (this.#link === "away") this.#away(fault);
  }
}

function members(room) {
  const found = new Map();
  room.members.each(({ id, info }) => found.set(id, info ?? {}));
  return found;
}
