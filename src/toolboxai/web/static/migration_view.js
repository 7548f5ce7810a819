// Who still uses the old sockets: each endpoint with its last days as bars, and the clients.

import { bars } from "./charts.js";
import { at, make } from "./dom.js";
import { Listing, ask, asks, cells } from "./listing.js";
import { CONSOLE, day } from "./console_words.js";

const WORDS = CONSOLE.migration;
const DAYS = 30;

export class MigrationView {
  #clients;

  constructor(service) {
    this.#clients = new Listing(service, "clients", client);
    asks(at("migration-filter"), () => this.#load());
  }

  start() {
    ask(at("migration-filter"), () => this.#load());
  }

  stop() {}

  clear() {
    this.#clients.clear();
    at("endpoints-rows").replaceChildren();
    at("days-rows").replaceChildren();
    at("migration-filter").reset();
  }

  async #load() {
    const asked = { endpoint: at("migration-endpoint").value, by_day: DAYS, users: "true" };
    const { endpoints } = await this.#clients.load("/api/v1/migration", asked);
    at("endpoints-rows").replaceChildren(...endpoints.map(endpoint));
    at("days-rows").replaceChildren(...days(endpoints));
  }
}

function endpoint(item) {
  const opened = item.by_day.map((each) => each.connections);
  return cells(
    make("code", item.path),
    WORDS.modes[item.mode] ?? item.mode,
    bars(opened, WORDS.bars(opened)),
    String(item.clients),
    String(item.connections),
    String(item.messages),
    item.last_seen === null ? WORDS.never : day(item.last_seen),
    make("code", item.replacement.channel),
  );
}

/** The bars as numbers: a row for each endpoint and day on which it was used, the newest day first. */
function days(endpoints) {
  const used = endpoints.flatMap(({ path, by_day }) => by_day.map((each) => ({ path, ...each })));
  return used
    .filter(({ connections, messages }) => connections + messages > 0)
    .sort((one, other) => other.day.localeCompare(one.day))
    .map(({ day: name, path, clients, connections, messages }) =>
      cells(name, make("code", path), String(clients), String(connections), String(messages)),
    );
}

function client(item) {
  return cells(
    item.client || item.user_agent,
    item.endpoint,
    item.user_id ?? WORDS.others,
    day(item.last_seen),
    String(item.days),
    String(item.connections),
    String(item.messages),
  );
}
