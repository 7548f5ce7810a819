// Which channels are occupied; one of them with who is on it.

import { at, make } from "./dom.js";
import { Listing, ask, asks, cells, linked, place } from "./listing.js";
import { CONSOLE } from "./console_words.js";
import { clock } from "./words.js";

const WORDS = CONSOLE.channels;

export class ChannelsView {
  #list;
  #members;
  #subscribers;

  constructor(service) {
    this.#list = new Listing(service, "channels", row);
    this.#members = new Listing(service, "members", member);
    this.#subscribers = new Listing(service, "subscribers", subscriber);
    asks(at("channels-filter"), () => this.#load());
  }

  start([app, channel]) {
    const one = channel !== undefined;
    at("channels-all").hidden = one;
    at("channel").hidden = !one;
    if (one) this.#look(app, channel);
    else ask(at("channels-filter"), () => this.#load());
  }

  stop() {}

  clear() {
    for (const list of [this.#list, this.#members, this.#subscribers]) list.clear();
    at("channels-filter").reset();
  }

  async #load() {
    const asked = { app: at("channels-app").value.trim(), prefix: at("channels-prefix").value.trim() };
    await this.#list.load("/api/v1/admin/channels", asked);
  }

  #look(app, channel) {
    const presence = channel.startsWith("presence-");
    at("channel-title").textContent = WORDS.title(channel, app);
    at("channel-title").focus();
    at("channel-publish").href = place("publish", channel);
    at("members").hidden = !presence;
    this.#members.clear();
    this.#subscribers.clear();
    const path = `/api/v1/admin/channels/${encodeURIComponent(app)}/${encodeURIComponent(channel)}/members`;
    ask(at("channel"), () => this.#subscribers.load("/api/v1/admin/connections", { app, channel }));
    if (presence) ask(at("channel"), () => this.#members.load(path, {}));
  }
}

function row(item) {
  return cells(
    linked(item.channel, "channels", item.app_id, item.channel),
    item.app_id,
    String(item.subscribers),
    item.users?.toString() ?? null,
    String(item.kept_events),
    item.last_event_at === null ? WORDS.noEvent : clock(item.last_event_at),
  );
}

function member({ user_id, user_info }) {
  return cells(user_id, user_info === null ? null : make("code", JSON.stringify(user_info)));
}

function subscriber(item) {
  const link = linked(item.socket_id, "connections", item.socket_id);
  return cells(link, item.user_id, `${item.client} ${item.version}`.trim(), clock(item.connected_since));
}
