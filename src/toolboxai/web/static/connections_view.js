// Who is connected; one connection looked at closely, and ended if somebody says so.

import { at, make } from "./dom.js";
import { Listing, ask, asks, cells, linked, listed } from "./listing.js";
import { Rounds, read } from "./rounds.js";
import { Refusal } from "./service.js";
import { act } from "./trouble.js";
import { CONSOLE } from "./console_words.js";
import { clock, size } from "./words.js";

const WORDS = CONSOLE.connections;
const PATH = "/api/v1/admin/connections";
const EVERY_MS = 2000; // while one is looked at
const SOCKET_ID = /^[0-9]+\.[0-9]+$/;

export class ConnectionsView {
  #service;
  #list;
  #rounds;
  #tell;
  #id = null; // of the one that is looked at
  #drawn = ""; // its channels and refusals, as they are shown

  constructor(service, tell) {
    this.#service = service;
    this.#tell = tell;
    this.#list = new Listing(service, "connections", row);
    this.#rounds = new Rounds((signal) => this.#round(signal), { ...tell, trouble: (fault) => this.#gone(fault) });
    asks(at("connections-filter"), () => this.#search());
    at("connection-end").addEventListener("click", () => this.#ask());
    at("ending").addEventListener("close", () => this.#answered());
  }

  start([id]) {
    this.#id = id ?? null;
    at("connections-all").hidden = this.#id !== null;
    at("connection").hidden = this.#id === null;
    if (this.#id === null) ask(at("connections-filter"), () => this.#load());
    else this.#look();
  }

  stop() {
    this.#rounds.stop();
    if (at("ending").open) at("ending").close("");
  }

  clear() {
    this.#list.clear();
    at("connections-filter").reset();
    this.#empty();
  }

  // ---- all ----

  async #search() {
    const id = at("connections-id").value.trim();
    if (SOCKET_ID.test(id)) location.hash = `connections/${id}`;
    else await this.#load();
  }

  async #load() {
    const [app, user, channel] = ["app", "user", "channel"].map((name) => at(`connections-${name}`).value.trim());
    await this.#list.load(PATH, { app, user, channel });
  }

  // ---- one ----

  #look() {
    this.#empty();
    at("connection-title").textContent = WORDS.title(this.#id);
    at("connection-state").textContent = WORDS.looking;
    at("connection-title").focus();
    this.#rounds.start();
  }

  #empty() {
    this.#drawn = "";
    for (const id of ["connection-facts", "connection-channels", "connection-refused"]) at(id).replaceChildren();
    for (const id of ["connection-what", "connection-refusals", "connection-none"]) at(id).hidden = true;
    at("connection-end").hidden = false;
    at("connection-state").textContent = "";
  }

  async #round(signal) {
    const found = await read(this.#service, `${PATH}/${encodeURIComponent(this.#id)}`, {}, signal);
    if (signal.aborted) return null;
    if (at("connection-what").hidden) at("connection-state").textContent = "";
    at("connection-what").hidden = false;
    at("connection-facts").replaceChildren(...listed(facts(found)));
    const drawn = JSON.stringify([found.channels, found.refused]);
    if (drawn !== this.#drawn) this.#draw(found);
    this.#drawn = drawn;
    return EVERY_MS;
  }

  /** Only what has changed: whoever is at one of the links stays there. */
  #draw({ connection, channels, refused }) {
    at("connection-channels").replaceChildren(...channels.map((each) => subscribed(connection, each)));
    at("connection-none").hidden = channels.length > 0;
    at("connection-refused").replaceChildren(...refused.map((each) => make("li", WORDS.refused(each))));
    at("connection-refusals").hidden = refused.length === 0;
  }

  /** It is over, which is an answer as well; what was known last stays to be read. */
  #gone(fault) {
    if (!(fault instanceof Refusal) || fault.status !== 404) {
      this.#tell.trouble(fault);
      return;
    }
    at("connection-state").textContent = WORDS.gone;
    at("connection-end").hidden = true;
    this.#tell.link("", null);
  }

  // ---- ending it ----

  #ask() {
    at("ending-who").textContent = WORDS.title(this.#id);
    at("ending").returnValue = "";
    at("ending").showModal();
  }

  #answered() {
    if (at("ending").returnValue !== "end") return;
    const id = this.#id;
    act(null, at("connection"), async () => {
      try {
        await this.#service.fetch(`${PATH}/${encodeURIComponent(id)}`, { method: "DELETE" });
      } catch (fault) {
        if (!(fault instanceof Refusal) || fault.status !== 404) throw fault;
      }
      if (id !== this.#id) return;
      this.#rounds.stop();
      this.#tell.link("", null);
      at("connection-state").textContent = WORDS.ended;
      at("connection-end").hidden = true;
      at("connection-title").focus();
    });
  }
}

function row(item) {
  const client = `${item.client} ${item.version}`.trim() || item.user_agent;
  return cells(
    linked(item.socket_id, "connections", item.socket_id),
    item.app_id,
    item.user_id,
    client,
    item.transport,
    String(item.channels),
    size(item.queued_bytes),
    clock(item.connected_since),
  );
}

function facts({ connection, ...close }) {
  return [
    [WORDS.app, connection.app_id],
    [WORDS.user, connection.user_id ?? WORDS.nobody],
    [WORDS.client, `${connection.client} ${connection.version}`.trim() || WORDS.untold],
    [WORDS.agent, connection.user_agent || WORDS.untold],
    [WORDS.transport, WORDS.how(connection)],
    [WORDS.address, connection.address],
    [WORDS.since, clock(connection.connected_since)],
    [WORDS.sent, WORDS.rates(close)],
    [WORDS.received, String(close.messages_received)],
    [WORDS.buffered, WORDS.behind(close.buffered_bytes, connection.queued_bytes, close.lagging)],
    [WORDS.pong, WORDS.ago(close.ponged_s_ago, WORDS.noPong)],
    [WORDS.heard, WORDS.ago(connection.heard_s_ago, WORDS.silent)],
  ];
}

function subscribed(connection, { channel, since, member }) {
  const link = linked(channel, "channels", connection.app_id, channel);
  return cells(link, clock(since), member ? WORDS.member : WORDS.reader);
}
