// One world: opened by its id, followed live, stopped, built again, shared, deleted, and fetched when it is ready.

import { at, on, say } from "./dom.js";
import { patiently } from "./patience.js";
import { refused } from "./service.js";
import { Sharing } from "./sharing.js";
import { Marked, act, acts, marked, trouble } from "./trouble.js";
import { Watch } from "./watch.js";
import { newSeed, wholeNumber } from "./world_wish.js";
import { WorldView } from "./world_view.js";
import { WORLD } from "./worlds_words.js";

const OVER = ["ready", "failed", "cancelled"];

export class World {
  #door;
  #scripts;
  #view;
  #sharing;
  #wanted = null; // id of the world that is to be seen
  #world = null; // what is known of it
  #finding = null; // the first look for it
  #watch = null;
  #looking = null; // the one look at the whole that is under way
  #again = false; // whether something happened during it

  /**
   * @param door who is signed in; `door.show("world")` is called when a world is to be seen
   * @param scripts the ScriptView, which shows one of its scripts
   */
  constructor(door, scripts) {
    this.#door = door;
    this.#scripts = scripts;
    this.#view = new WorldView(door.service);
    this.#sharing = new Sharing(door, "environment", WORLD.shares);
    say("sharing-title", WORLD.share);
    acts("world-retry", "click", () => this.#change("retry"));
    acts("world-cancel", "click", () => this.#cancel());
    acts("rebuild", "submit", () => this.#rebuild());
    on("another-seed", "click", () => (at("rebuild-seed").value = newSeed()));
    on("world-share", "click", () => this.#sharing.open(this.#world.environment_id, this.#world.name));
    on("world-delete", "click", () => at("deleting").showModal());
    on("gone", "submit", (event) => this.#answered(event));
  }

  /**
   * The one of this id, live, or one of its scripts (null: none); what is shown already goes on.
   * @param here whether the page is still at the address that names it
   */
  async show(id, script, here) {
    if (this.#wanted !== id) {
      this.clear();
      this.#wanted = id;
      this.#view.looking();
      this.#finding = this.#find(id);
    } else if (this.#watch?.stopped) await this.#watch.start();
    if (this.#world === null) {
      this.#door.show("world");
      await this.#finding;
    }
    if (this.#world === null || this.#wanted !== id || !here()) return;
    if (script !== null) await this.#scripts.show(this.#world, script);
    else this.#door.show("world");
  }

  /** Let go of it, and show nothing. */
  clear() {
    this.#watch?.stop();
    this.#wanted = this.#world = this.#watch = null;
    this.#scripts.clear();
    this.#sharing.close();
    at("deleting").close();
  }

  async #find(id) {
    const wanted = () => this.#wanted === id;
    try {
      const world = await patiently(() => this.#read(id), wanted, (away) => away && this.#view.link("away"));
      if (wanted()) this.#follow(world);
    } catch (fault) {
      if (!wanted()) return;
      this.#wanted = null; // it may be shared later: another look is a new one
      if (!refused(fault, 404)) throw fault;
      this.#view.missing();
    }
  }

  #read(id) {
    return this.#door.service.call("GET", `/api/v1/roblox/environments/${encodeURIComponent(id)}`);
  }

  #follow(world) {
    this.#world = world;
    this.#view.show(world);
    const mine = (work) => (told) => this.#wanted === world.environment_id && work(told);
    this.#watch = new Watch(
      this.#door.service,
      world,
      { event: mine((event) => this.#heard(event)), link: mine((state) => this.#view.link(state)), trouble },
      world.last_seq,
    );
    this.#watch.start();
  }

  /** What an event says of the components is shown at once; what else there is now is asked for. */
  #heard({ type, data, seq }) {
    if (seq <= this.#world.last_seq) return; // an answer has told it already
    if (type === "environment_status") {
      const { status, progress, components } = data;
      this.#world = { ...this.#world, status, progress, components, last_seq: seq };
      this.#view.heard(this.#world);
      if (components.buildings !== "complete" && !OVER.includes(status)) return;
    }
    this.#look();
  }

  /** Ask for the whole, one question at a time, and once more where something happened meanwhile. */
  #look() {
    if (this.#wanted === null) return;
    this.#again = this.#looking !== null;
    this.#looking ??= this.#looked().finally(() => {
      this.#looking = null;
      if (this.#again) this.#look();
    });
  }

  async #looked() {
    const id = this.#wanted;
    try {
      const world = await patiently(() => this.#read(id), () => this.#wanted === id, () => {});
      if (this.#wanted === id) this.#took(world);
    } catch (fault) {
      if (this.#wanted === id) trouble(fault);
    }
  }

  /** An answer: newer than what was heard, or of use no more. */
  #took(world) {
    if (world.environment_id !== this.#wanted || world.last_seq < this.#world.last_seq) return;
    this.#world = world;
    this.#view.show(world);
    this.#scripts.changed(world);
  }

  // ---- what its owner does, and whoever may edit it ----

  async #change(path, body) {
    this.#took(await this.#door.service.call("POST", `${this.#world.status_url}/${path}`, body));
    at("world-title").focus();
  }

  async #cancel() {
    try {
      await this.#change("cancel");
    } catch (fault) {
      if (!refused(fault, 409)) throw fault; // it was over in the same moment
    }
  }

  async #rebuild() {
    const form = at("rebuild");
    marked(form, {});
    const wish = { seed: wholeNumber(form, "rebuild-seed"), theme: at("rebuild-theme").value, size: at("rebuild-size").value };
    const other = Object.entries(wish).filter(([name, value]) => value !== this.#world[name]);
    if (at("rebuild-latest").checked) other.push(["content", "latest"]);
    if (other.length === 0) {
      marked(form, { seed: WORLD.same });
      throw new Marked(WORLD.same);
    }
    await this.#change("rebuild", Object.fromEntries(other));
    at("anew").open = false;
  }

  #answered(event) {
    if (event.submitter?.value !== "delete") return;
    event.preventDefault();
    act(null, at("gone"), async () => {
      await this.#door.service.call("DELETE", this.#world.status_url);
      this.clear();
      location.hash = "";
    });
  }
}
