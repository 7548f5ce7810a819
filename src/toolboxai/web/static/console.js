// The operator's console. Its parts are joined here; one is shown at a time, and only that one asks the server anything.

import { ChannelsView } from "./channels_view.js";
import { ChartsView } from "./charts_view.js";
import { ConnectionsView } from "./connections_view.js";
import { Door } from "./door.js";
import { at, make } from "./dom.js";
import { EventCreator } from "./event_creator.js";
import { FeedView } from "./feed_view.js";
import { MigrationView } from "./migration_view.js";
import { RefusalsView } from "./refusals_view.js";
import { read } from "./rounds.js";
import { Refusal } from "./service.js";
import { plain, trouble } from "./trouble.js";
import { WebhooksView } from "./webhooks_view.js";
import { CONSOLE } from "./console_words.js";

const door = new Door({ sections: ["console", "closed"], entered, left });
const tell = { link, trouble };
const PARTS = {
  live: { needs: "admin:connections", view: new FeedView(door.service, tell) },
  charts: { needs: "admin:connections", view: new ChartsView(door.service, tell) },
  connections: { needs: "admin:connections", view: new ConnectionsView(door.service, tell) },
  channels: { needs: "admin:connections", view: new ChannelsView(door.service) },
  publish: { needs: "realtime:trigger", view: new EventCreator(door.service) },
  refusals: { needs: "admin:connections", view: new RefusalsView(door.service) },
  webhooks: { needs: "admin:webhooks", view: new WebhooksView(door.service, tell) },
  migration: { needs: "system:manage", view: new MigrationView(door.service) },
};
let shown = null; // name of the part that is shown

addEventListener("hashchange", () => door.user !== null && !at("console").hidden && go(true));
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && door.user !== null && go(false));
door.open();

async function entered(user) {
  const open = Object.keys(PARTS).filter((name) => user.permissions.includes(PARTS[name].needs));
  const links = open.map((name) => make("a", CONSOLE.parts[name], { href: `#${name}`, "data-part": name }));
  at("parts").replaceChildren(...links);
  door.show(open.length > 0 ? "console" : "closed");
  if (open.length === 0) return;
  go(false);
  if (user.permissions.includes("admin:apps")) await offerApps();
}

function left() {
  stop();
  for (const { view } of Object.values(PARTS)) view.clear();
  at("apps").replaceChildren();
}

/** Show the part that the address names: `#NAME`, or `#NAME/…` for one thing in it. */
function go(focus) {
  stop();
  const [name, ...rest] = location.hash.slice(1).split("/").map(decoded);
  const links = [...at("parts").children];
  const here = links.find((each) => each.dataset.part === name) ?? links[0];
  shown = here.dataset.part;
  for (const part of Object.keys(PARTS)) at(`part-${part}`).hidden = part !== shown;
  for (const each of links) each.ariaCurrent = each === here ? "page" : null;
  trouble(null);
  if (focus) at(`${shown}-title`).focus();
  PARTS[shown].view.start(rest);
}

function stop() {
  if (shown !== null) PARTS[shown].view.stop();
  link("", null);
}

/** How the part that is live gets on; "" where none is. */
function link(state, fault) {
  const line = at("link");
  const text = fault instanceof Refusal ? plain(fault) : (CONSOLE.link[state] ?? "");
  line.dataset.state = state;
  if (line.textContent !== text) line.textContent = text; // a screen reader hears what is new, and that once
}

async function offerApps() {
  const { items } = await read(door.service, "/api/v1/admin/apps", { limit: 100 });
  at("apps").replaceChildren(...items.map(({ id, name }) => make("option", name, { value: id })));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
