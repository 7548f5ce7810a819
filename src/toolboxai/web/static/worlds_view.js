// The worlds that somebody has had built, newest first, and those that are shared with them.

import { fill, hide, make, say } from "./dom.js";
import { PagedList } from "./paged_list.js";
import { all } from "./patience.js";
import { refused } from "./service.js";
import { clock } from "./words.js";
import { WORLDS } from "./worlds_words.js";

const URL_OF_WORLDS = "/api/v1/roblox/environments";

export class WorldsView {
  #door;
  #own;

  /** @param door who is signed in; `door.show("worlds")` is called when the list is to be seen */
  constructor(door) {
    this.#door = door;
    this.#own = new PagedList("worlds", door.service, row, WORLDS.none);
  }

  /** Both lists, from their beginning. */
  async show() {
    this.clear();
    const builds = this.#door.user.permissions.includes("roblox:write");
    hide(["worlds-new", "own-worlds"], !builds);
    this.#door.show("worlds");
    await Promise.all([builds && this.#own.open(URL_OF_WORLDS), this.#shared(builds)]);
  }

  clear() {
    this.#own.clear();
    say(["shared-worlds-list", "shared-worlds-state"], "");
    hide("shared-worlds");
  }

  async #shared(builds) {
    const shares = await all(this.#door.service, "/api/v1/shares");
    const ids = new Set(shares.filter(({ kind }) => kind === "environment").map(({ id }) => id));
    const found = await Promise.all([...ids].reverse().map((id) => this.#world(id)));
    const worlds = found.filter((one) => one !== null);
    fill("shared-worlds-list", worlds.map(row));
    hide("shared-worlds", builds && worlds.length === 0);
    say("shared-worlds-state", worlds.length === 0 ? WORLDS.nothing : "");
  }

  /** One of another's; null where the share has ended meanwhile. */
  async #world(id) {
    try {
      return await this.#door.service.call("GET", `${URL_OF_WORLDS}/${encodeURIComponent(id)}`);
    } catch (fault) {
      if (refused(fault, 404)) return null;
      throw fault;
    }
  }
}

function row(world) {
  const link = make("a", world.name, { href: `#world=${world.environment_id}` });
  return make("li", [link, make("p", WORLDS.facts(world, clock(world.created_at)), { class: "hint" })], { class: "lesson" });
}
