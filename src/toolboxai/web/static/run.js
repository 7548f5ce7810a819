// One generation: opened by its id or just begun, followed live, stopped, tried again, and fetched when it is done.

import { at, on } from "./dom.js";
import { RunView } from "./run_view.js";
import { passes, refused } from "./service.js";
import { act, acts, trouble } from "./trouble.js";
import { Watch } from "./watch.js";

export class Run {
  #door;
  #view;
  #wanted = null; // id of the session that is to be seen
  #session = null; // what is known of it
  #watch = null;
  #over = false; // whether nothing more is to come
  #made = null; // content that is ready and not shown yet

  /** @param door who is signed in; `door.show("run")` is called when a run is to be seen */
  constructor(door) {
    this.#door = door;
    this.#view = new RunView(door.service);
    acts("retry", "click", () => this.#retry());
    on("cancel", "click", () => at("stopping").showModal());
    on("stop", "submit", ({ submitter }) => {
      if (submitter?.value === "stop") act(null, at("cancel"), () => this.#cancel());
    });
  }

  /** Its id; null where none is shown. */
  get id() {
    return this.#session?.session_id ?? null;
  }

  /** One that has just begun. */
  begin(session) {
    this.clear();
    this.#wanted = session.session_id;
    this.#follow(session);
  }

  /** The one of this id, whole and live; what is shown already goes on. */
  async show(id) {
    if (this.#wanted === id) {
      this.#door.show("run");
      if (this.#made !== null) this.#collect();
      else if (this.#session === null) await this.#find(id);
      else if (!this.#over && this.#watch.stopped) await this.#watch.start();
      return;
    }
    this.clear();
    this.#wanted = id;
    this.#view.looking();
    this.#door.show("run");
    await this.#find(id);
  }

  /** Let go of it, and show nothing. */
  clear() {
    this.#watch?.stop();
    at("stopping").close();
    this.#wanted = this.#session = this.#watch = this.#made = null;
    this.#over = false;
  }

  async #find(id) {
    const session = await this.#patiently(
      () => this.#wanted === id,
      () => this.#door.service.call("GET", `/api/v1/content/sessions/${encodeURIComponent(id)}`),
    ).catch((fault) => {
      if (!refused(fault, 404)) throw fault;
      this.#view.missing();
      return null;
    });
    if (session !== null && this.#wanted === id && this.#session === null) this.#follow(session);
  }

  #follow(session) {
    this.#session = session;
    this.#view.reset();
    this.#door.show("run");
    this.#watch = new Watch(this.#door.service, session, {
      event: (event) => session === this.#session && this.#heard(event),
      words: (data) => session === this.#session && this.#view.words(data),
      link: (state) => session === this.#session && this.#view.link(state),
      trouble,
    });
    this.#watch.start();
  }

  #heard(event) {
    this.#view.event(event);
    const { type, data } = event;
    if (type !== "generation_complete" && type !== "error") return;
    at("stopping").close();
    // One that stopped may be tried again, in another window too: it is still listened to.
    this.#over = type === "generation_complete" || data.details?.retry_possible !== true;
    if (this.#over) this.#watch.stop();
    if (type === "error") return;
    this.#made = data.content_id;
    this.#collect();
  }

  #collect() {
    act(null, at("run"), async () => {
      const wanted = this.#made;
      const still = () => wanted !== null && this.#made === wanted;
      const content = await this.#patiently(still, () => this.#door.service.call("GET", `/api/v1/content/${wanted}`));
      if (content === null) return;
      this.#made = null;
      this.#view.finished(content);
    });
  }

  /** Ask until there is an answer; null when nobody waits for it any more. */
  async #patiently(still, ask) {
    for (let pause = 1000; still(); pause = Math.min(pause * 1.5, 15000)) {
      try {
        const answer = await ask();
        return still() ? answer : null;
      } catch (fault) {
        if (!still()) return null;
        if (!passes(fault)) throw fault;
        this.#view.link("away");
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    return null;
  }

  // ---- what a teacher does ----

  async #retry() {
    await this.#door.service.call("POST", `${this.#session.status_url}/retry`);
    this.#view.retried();
  }

  async #cancel() {
    try {
      await this.#door.service.call("DELETE", this.#session.status_url);
    } catch (fault) {
      if (!refused(fault, 409)) throw fault; // it was done in the same moment
    }
  }
}
