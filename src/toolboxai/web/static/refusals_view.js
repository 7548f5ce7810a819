// Why an authorisation was refused, in plain words, and what would allow it.

import { at } from "./dom.js";
import { Listing, ask, asks, cells } from "./listing.js";
import { CONSOLE } from "./console_words.js";
import { clock } from "./words.js";

const WORDS = CONSOLE.refusals;

export class RefusalsView {
  #list;

  constructor(service) {
    this.#list = new Listing(service, "refusals", row);
    asks(at("refusals-filter"), () => this.#load());
  }

  start() {
    ask(at("refusals-filter"), () => this.#load());
  }

  stop() {}

  clear() {
    this.#list.clear();
    at("refusals-filter").reset();
  }

  async #load() {
    const asked = { channel: at("refusals-channel").value.trim(), user_id: at("refusals-user").value.trim() };
    await this.#list.load("/api/v1/admin/refusals", asked);
  }
}

function row(item) {
  return cells(
    item.channel,
    WORDS.who(item),
    WORDS.ways[item.way] ?? item.way,
    WORDS.when(clock(item.at), item.count),
    item.text,
    item.allowed_by,
  );
}
