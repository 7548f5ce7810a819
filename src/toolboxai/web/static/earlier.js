// The lessons that somebody had made before, newest first, page by page.

import { at, hide, make, on, say } from "./dom.js";
import { plain, trouble } from "./trouble.js";
import { SignedOut } from "./service.js";
import { EARLIER } from "./desk_words.js";
import { clock } from "./words.js";

const PAGE = 20;

export class Earlier {
  #door;
  #next = null; // cursor of the page after those that are shown
  #turn = 0; // of the newest look; what an earlier one brings is for nobody

  /** @param door who is signed in; `door.show("lessons")` is called when the list is to be seen */
  constructor(door) {
    this.#door = door;
    on("older", "click", () => this.#page());
  }

  /** The list as it is now, from its beginning. */
  async show() {
    this.clear();
    this.#door.show("lessons");
    await this.#page();
  }

  clear() {
    this.#turn += 1;
    this.#next = null;
    say("lesson-list", "");
    hide("older");
    say("lessons-said", "");
  }

  async #page() {
    const turn = ++this.#turn;
    const list = at("lesson-list");
    say("lessons-said", EARLIER.looking);
    let page;
    try {
      const cursor = this.#next === null ? "" : `&cursor=${encodeURIComponent(this.#next)}`;
      page = await this.#door.service.call("GET", `/api/v1/content/sessions?limit=${PAGE}${cursor}`);
    } catch (fault) {
      if (turn !== this.#turn) return;
      if (fault instanceof SignedOut) trouble(fault);
      say("lessons-said", plain(fault));
      say("older", EARLIER.again);
      hide("older", false);
      return;
    }
    if (turn !== this.#turn) return;
    const first = list.childElementCount;
    this.#next = page.next_cursor;
    list.append(...page.items.map(row));
    say("older", EARLIER.older);
    hide("older", page.next_cursor === null);
    say("lessons-said", EARLIER.shown(list.childElementCount, page.next_cursor !== null));
    if (first > 0) list.children[first]?.querySelector("a").focus();
  }
}

function row(session) {
  const link = make("a", session.title ?? session.subject, { href: `#session=${session.session_id}` });
  const facts = make("p", EARLIER.facts(session, clock(session.created_at)), { class: "hint" });
  return make("li", [link, facts], { class: "lesson" });
}
