// What somebody wants built: the form for a new world, from a lesson or without one.

import { at, fill, make } from "./dom.js";
import { randomKey } from "./keys.js";
import { refused } from "./service.js";
import { Marked, acts, marked } from "./trouble.js";
import { TROUBLE } from "./words.js";
import { SIZES, THEMES, WORLDS } from "./worlds_words.js";

const FEATURES = ["terrain", "buildings", "quiz_stations", "npcs"];
const LESSONS = 100; // the newest ones can be chosen; from the page of any other a link leads here

/** Fill a choice with what words name; `value` is chosen. */
export const choices = (id, names, value) => {
  fill(id, Object.entries(names).map(([name, label]) => make("option", label, { value: name })));
  at(id).value = value;
};

/** The whole number in a field. @throws Marked when there is none, which is said at it */
export function wholeNumber(form, id) {
  const text = at(id).value.trim();
  if (/^\d{1,16}$/.test(text)) return Number(text);
  marked(form, { [at(id).name]: WORLDS.wholeNumber });
  throw new Marked(TROUBLE.fields);
}

/** A seed that nobody has thought of. */
export const newSeed = () => crypto.getRandomValues(new Uint16Array(1))[0];

export class WorldWish {
  #door;
  #sent = null; // {key, text}: the same wish sent again is the same world
  #turn = 0; // of the newest look for lessons

  /** @param door who is signed in; `door.show("begin")` is called when the form is to be seen */
  constructor(door) {
    this.#door = door;
    acts("build", "submit", () => this.#build());
  }

  /** Whether whoever is signed in may have worlds built. */
  get may() {
    return this.#door.user.permissions.includes("roblox:write");
  }

  /** The form; `lesson` is the id of the content that is chosen in it, or null. */
  async show(lesson) {
    this.clear();
    this.#door.show("begin");
    const turn = this.#turn;
    const { items } = await this.#door.service.call("GET", `/api/v1/content?limit=${LESSONS}`);
    const known = items.some((item) => item.content_id === lesson);
    if (lesson !== null && !known) items.unshift(...(await this.#lesson(lesson)));
    if (turn !== this.#turn) return;
    const titles = items.map(({ content_id: id, title, subject }) => [id, title ?? subject]);
    choices("build-lesson", { "": WORLDS.noLesson, ...Object.fromEntries(titles) }, lesson ?? "");
  }

  /** For whoever comes next. */
  clear() {
    this.#turn += 1;
    this.#sent = null;
    at("build").reset();
    marked(at("build"), {});
    choices("build-lesson", { "": WORLDS.noLesson }, "");
    choices("build-theme", THEMES, "classroom");
    choices("build-size", SIZES, "medium");
    at("build-seed").value = newSeed();
  }

  async #lesson(id) {
    try {
      return [await this.#door.service.call("GET", `/api/v1/content/${encodeURIComponent(id)}`)];
    } catch (fault) {
      if (refused(fault, 403, 404, 422)) return [];
      throw fault;
    }
  }

  async #build() {
    const form = at("build");
    marked(form, {});
    const body = {
      name: at("build-name").value.trim(),
      theme: at("build-theme").value,
      size: at("build-size").value,
      max_players: wholeNumber(form, "build-max_players"),
      seed: wholeNumber(form, "build-seed"),
      features: Object.fromEntries(FEATURES.map((name) => [name, at(`build-${name}`).checked])),
    };
    if (at("build-lesson").value !== "") body.content_id = at("build-lesson").value;
    const text = JSON.stringify(body);
    if (this.#sent?.text !== text) this.#sent = { text, key: randomKey() };
    const path = "/api/v1/roblox/environments";
    const world = await this.#door.service.call("POST", path, body, { "Idempotency-Key": this.#sent.key });
    this.#sent = null;
    location.hash = `world=${world.environment_id}`;
  }
}
