// The live log: what happened, newest first, as far as it is wanted; bounded, and never silent about what is left out.

import { at, make } from "./dom.js";
import { Feed } from "./feed.js";
import { linked } from "./listing.js";
import { CONSOLE } from "./console_words.js";
import { clock } from "./words.js";

const WORDS = CONSOLE.feed;
const MOST = 500; // rows

export class FeedView {
  #feed;
  #kept = []; // {item, row}, oldest first
  #held = null; // while it is paused: {items, count}
  #since = null;

  constructor(service, tell) {
    this.#feed = new Feed(service, {
      ...tell,
      entries: (items) => this.#take(items),
      counts: (counts) => this.#counts(counts),
    });
    at("feed-kinds").append(...Object.entries(WORDS.kinds).map(([kind, label]) => tick(kind, label)));
    at("feed-filter").addEventListener("submit", (event) => event.preventDefault());
    at("feed-kinds").addEventListener("change", () => this.#wished());
    at("feed-app").addEventListener("change", () => this.#wished());
    at("feed-text").addEventListener("input", () => this.#sift());
    at("feed-pause").addEventListener("click", () => this.#pause());
    at("feed-empty").addEventListener("click", () => this.#empty());
  }

  start() {
    this.#wished();
  }

  stop() {
    this.#feed.stop();
  }

  clear() {
    this.#held = null;
    this.#paused();
    this.#empty();
    at("feed-filter").reset();
  }

  // ---- what is wanted ----

  get #kinds() {
    return [...at("feed-kinds").querySelectorAll("input:checked")].map((box) => box.value);
  }

  #wished() {
    this.#sift();
    const kinds = this.#kinds;
    if (kinds.length === 0) this.#feed.stop();
    else this.#feed.start({ kinds: kinds.join(","), app_id: at("feed-app").value.trim() });
  }

  #fits({ kind, app_id, text }) {
    const app = at("feed-app").value.trim();
    const wanted = at("feed-text").value.trim().toLowerCase();
    return this.#kinds.includes(kind) && (app === "" || app === app_id) && text.includes(wanted);
  }

  #sift() {
    for (const { item, row } of this.#kept) row.hidden = !this.#fits(item);
    this.#say();
  }

  // ---- what came ----

  #take(items) {
    if (this.#held === null) this.#show(items);
    else {
      this.#held.count += items.length;
      this.#held.items = [...this.#held.items, ...items].slice(-MOST);
      this.#say();
    }
  }

  #show(items) {
    const rows = [];
    for (const item of items.slice(-MOST)) {
      item.text = words(item);
      const row = entry(item);
      row.hidden = !this.#fits(item);
      this.#kept.push({ item, row });
      rows.push(row);
    }
    at("feed-list").prepend(...rows.reverse());
    while (this.#kept.length > MOST) {
      const unseen = this.#kept.findIndex(({ row }) => row.hidden); // what is looked for outlasts what is not
      const [gone] = this.#kept.splice(Math.max(unseen, 0), 1);
      gone.row.remove();
    }
    this.#say();
  }

  #counts({ sampledAway, missed, since }) {
    this.#since = since;
    const away = Object.entries(sampledAway);
    at("feed-away").hidden = away.length === 0 && missed === 0;
    at("feed-away").textContent = WORDS.away(away, missed, since);
    this.#say();
  }

  #say() {
    const shown = this.#kept.filter(({ row }) => !row.hidden).length;
    const held = this.#held;
    at("feed-shown").textContent = held === null ? WORDS.shown(shown, this.#kept.length) : WORDS.meanwhile(held.count);
    at("feed-none").hidden = shown > 0;
    at("feed-none").textContent = this.#none();
  }

  #none() {
    if (this.#kinds.length === 0) return WORDS.noKind;
    if (this.#kept.length > 0) return WORDS.noneFits;
    return this.#since === null ? WORDS.opening : WORDS.quiet(this.#since);
  }

  // ---- pause ----

  #pause() {
    const held = this.#held;
    this.#held = held === null ? { items: [], count: 0 } : null;
    this.#paused();
    if (held !== null) this.#show(held.items);
    this.#say();
  }

  #paused() {
    at("feed-pause").textContent = this.#held === null ? WORDS.pause : WORDS.goOn;
    at("feed-state").textContent = this.#held === null ? "" : WORDS.paused;
  }

  #empty() {
    this.#kept = [];
    if (this.#held !== null) this.#held = { items: [], count: 0 };
    at("feed-list").replaceChildren();
    this.#say();
  }
}

function tick(kind, label) {
  const made = make("label", undefined, { class: "tick" });
  made.append(make("input", undefined, { type: "checkbox", value: kind, checked: true }), label);
  return made;
}

function entry(item) {
  const row = make("li", undefined, { "data-n": item.n, "data-kind": item.kind });
  const what = make("p", undefined, { class: "what" });
  what.append(make("time", clock(item.at), { datetime: item.at }), " ", make("strong", WORDS.what(item)), " ");
  if (item.channel !== null) {
    const { app_id: app, channel } = item;
    what.append(app === null ? make("span", channel) : linked(channel, "channels", app, channel), " ");
  }
  if (item.event !== null) what.append(make("code", item.event));
  const about = make("p", undefined, { class: "about" });
  if (item.socket_id !== null) {
    about.append(linked(WORDS.socket(item.socket_id), "connections", item.socket_id), " ");
  }
  about.append(WORDS.facts(item).join(" · "));
  row.append(what, about);
  return row;
}

function words(item) {
  const said = [item.app_id, item.socket_id, item.user_id, item.channel, item.event, ...Object.values(item.detail)];
  return said.filter((each) => each !== null).join(" ").toLowerCase();
}
