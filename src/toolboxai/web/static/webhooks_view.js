// What was posted to the apps' webhooks; one post with its body, and posted again if somebody says so.

import { at } from "./dom.js";
import { Listing, ask, asks, cells, linked, listed } from "./listing.js";
import { Rounds, read } from "./rounds.js";
import { act } from "./trouble.js";
import { CONSOLE } from "./console_words.js";
import { clock } from "./words.js";

const WORDS = CONSOLE.webhooks;
const PATH = "/api/v1/admin/webhooks";
const EVERY_MS = 1000; // while one is under way

export class WebhooksView {
  #service;
  #list;
  #rounds;
  #id = null; // of the one that is looked at

  constructor(service, tell) {
    this.#service = service;
    this.#list = new Listing(service, "webhooks", row);
    this.#rounds = new Rounds((signal) => this.#round(signal), tell);
    asks(at("webhooks-filter"), () => this.#load());
    at("webhook-replay").addEventListener("click", (event) => act(event, at("webhook-replay"), () => this.#replay()));
  }

  start([id]) {
    this.#id = id ?? null;
    at("webhooks-all").hidden = this.#id !== null;
    at("webhook").hidden = this.#id === null;
    at("webhook-what").hidden = true;
    if (this.#id === null) ask(at("webhooks-filter"), () => this.#load());
    else {
      at("webhook-title").textContent = WORDS.title(this.#id);
      at("webhook-title").focus();
      at("webhook-said").textContent = WORDS.looking;
      this.#rounds.start();
    }
  }

  stop() {
    this.#rounds.stop();
  }

  clear() {
    this.#list.clear();
    at("webhooks-filter").reset();
    at("webhook-body").textContent = "";
  }

  async #load() {
    await this.#list.load(PATH, { app_id: at("webhooks-app").value.trim(), state: at("webhooks-state").value });
  }

  async #round(signal) {
    const found = await read(this.#service, `${PATH}/${encodeURIComponent(this.#id)}`, {}, signal);
    if (signal.aborted) return null;
    this.#show(found);
    return found.state === "pending" ? EVERY_MS : null;
  }

  async #replay() {
    const again = await this.#service.call("POST", `${PATH}/${encodeURIComponent(this.#id)}/replay`);
    this.#show(again);
    this.#rounds.start();
  }

  #show(post) {
    at("webhook-what").hidden = false;
    at("webhook-said").textContent = WORDS.said(post);
    at("webhook-facts").replaceChildren(...listed(facts(post)));
    at("webhook-body").textContent = indented(post.body);
    at("webhook-replay").hidden = post.state === "pending";
  }
}

function row(item) {
  return cells(
    linked(item.id, "webhooks", item.id),
    clock(item.created_at),
    WORDS.states[item.state],
    item.events.join(", "),
    item.url,
    String(item.attempts),
    WORDS.last(item),
  );
}

function facts(post) {
  return [
    [WORDS.app, post.app_id],
    [WORDS.url, post.url],
    [WORDS.events, post.events.join(", ")],
    [WORDS.channels, post.channels.join(", ")],
    [WORDS.made, clock(post.created_at)],
    [WORDS.attempts, String(post.attempts)],
    [WORDS.answer, WORDS.last(post)],
    ...(post.delivered_at === null ? [] : [[WORDS.delivered, clock(post.delivered_at)]]),
    ...(post.next_attempt_at === null ? [] : [[WORDS.next, clock(post.next_attempt_at)]]),
  ];
}

function indented(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
