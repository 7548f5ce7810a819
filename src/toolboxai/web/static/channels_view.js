// Which channels are occupied; one of them with who is on it.

import { at, make } from "./dom.js";
import { Listing, cells } from "./listing.js";
import { act } from "./trouble.js";
import { CONSOLE, clock } from "./words.js";

const WORDS = CONSOLE.channels;

export class ChannelsView {
  #list;
  #members;
  #subscribers;

  constructor(service) {
    this.#list = new Listing(service, "channels", row);
    this.#members = new Listing(service, "members", member);
    this.#subscribers = new Listing(service, "subscribers", subscriber);
    at("channels-filter").addEventListener("submit", (event) => act(event, at("channels-filter"), () => this.#load()));
  }

  start([app, channel]) {
    const one = channel !== undefined;
    at("channels-all").hidden = one;
    at("channel").hidden = !one;
    if (one) this.#look(app, channel);
    else act(null, at("channels-filter"), () => this.#load());
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
    at("channel-publish").href = `#publish/${encodeURIComponent(channel)}`;
    at("members").hidden = !presence;
    this.#members.clear();
    this.#subscribers.clear();
    act(null, at("channel"), async () => {
      const path = `/api/v1/admin/channels/${encodeURIComponent(app)}/${encodeURIComponent(channel)}/members`;
      const both = [this.#subscribers.load("/api/v1/admin/connections", { app, channel })];
      if (presence) both.push(this.#members.load(path, {}));
      await Promise.all(both);
    });
  }
}

function row(item) {
  const path = `#channels/${encodeURIComponent(item.app_id)}/${encodeURIComponent(item.channel)}`;
  return cells(
    make("tr"), make("a", item.channel, { href: path }), item.app_id, String(item.subscribers), item.users?.toString() ?? WORDS.noUsers,
    String(item.kept_events), item.last_event_at === null ? WORDS.noEvent : clock(item.last_event_at),
  );
}

function member({ user_id, user_info }) {
  return cells(make("tr"), user_id, user_info === null ? null : make("code", JSON.stringify(user_info)));
}

function subscriber(item) {
  const link = make("a", item.socket_id, { href: `#connections/${encodeURIComponent(item.socket_id)}` });
  return cells(make("tr"), link, item.user_id, `${item.client} ${item.version}`.trim(), clock(item.connected_since));
}
