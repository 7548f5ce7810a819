// With whom a lesson or a world is shared: somebody by name, a class, whoever has a link. Also while it is being made.

import { at, fill, hide, make, on, quiet, say } from "./dom.js";
import { refused } from "./service.js";
import { act, acts, marked } from "./trouble.js";
import { SHARING } from "./lesson_words.js";
import { clock } from "./words.js";

const SHARES = "/api/v1/shares";
const FORMS = ["share-person", "share-class", "share-link"];

export class Sharing {
  #door;
  #kind;
  #what;
  #session = null; // id of the session or world that is shared

  /** @param kind of the API; `what(title)` says what others have of it; the dialog is `#sharing` */
  constructor(door, kind = "content_session", what = SHARING.what) {
    this.#door = door;
    this.#kind = kind;
    this.#what = what;
    for (const id of FORMS) acts(id, "submit", () => this.#share(at(id)));
    on("share-copy", "click", () => this.#copy());
    on("sharing-close", "click", () => this.close());
    on("sharing", "close", () => (at("share-url").value = "")); // also by the key Escape
  }

  /**
   * Open the dialog.
   * @param sessionId of the session
   * @param title of what it makes, or null while that has none
   */
  async open(sessionId, title) {
    this.#session = sessionId;
    say("sharing-what", title === null ? SHARING.running : this.#what(title));
    for (const id of FORMS) {
      at(id).reset();
      marked(at(id), {});
    }
    hide("share-made");
    say("share-said", SHARING.looking);
    say("share-list", "");
    at("sharing").showModal();
    at("sharing-title").focus();
    await act(null, at("sharing"), () => Promise.all([this.#classes(), this.#list()]));
    say("share-said", "");
  }

  /** Close it; a link that was made is not shown again. */
  close() {
    at("sharing").close();
    this.#session = null;
  }

  async #share(form) {
    const { hours, ...others } = Object.fromEntries(new FormData(form));
    if (hours !== undefined) others.link = { hours: Number(hours) };
    if (others.username !== undefined) others.username = others.username.trim();
    marked(form, {});
    const share = await this.#door.service
      .call("POST", SHARES, { kind: this.#kind, id: this.#session, ...others })
      .catch((fault) => {
        if (refused(fault, 404) && others.username) fault.fields = { username: SHARING.noSuchUser };
        throw fault;
      });
    await this.#list();
    if (share.link !== null) this.#show(share.link);
    else {
      form.reset();
      say("share-said", SHARING.done(nameOf(share), SHARING.roles[share.role]));
    }
  }

  #show(link) {
    at("share-url").value = location.origin + link;
    hide("share-made", false);
    say("share-said", SHARING.linked);
    at("share-url").focus();
    at("share-url").select();
  }

  async #copy() {
    at("share-url").select();
    try {
      await navigator.clipboard.writeText(at("share-url").value); // not there on plain http
      say("share-said", SHARING.copied);
    } catch {
      at("share-url").focus();
      say("share-said", SHARING.copyByHand);
    }
  }

  async #classes() {
    const classes = await this.#all("/api/v1/classes?");
    const own = classes.filter((one) => one.owner_id === this.#door.user.id);
    fill("share-class-id", own.map((one) => make("option", one.name, { value: one.class_id })));
    hide("share-class-fields", own.length === 0);
    hide("share-no-class", own.length > 0);
  }

  async #list() {
    const session = this.#session;
    const shares = await this.#all(`${SHARES}?kind=${this.#kind}&id=${session}&`);
    if (session !== this.#session) return;
    fill("share-list", shares.map((share) => this.#line(share)));
    if (shares.length === 0) at("share-list").append(make("li", SHARING.nobody, { class: "hint" }));
  }

  #line(share) {
    const name = nameOf(share);
    const end = () => act(null, line, () => this.#end(share));
    const button = quiet(SHARING.end, end, { "aria-label": SHARING.endOf(name) });
    const line = make("li", [make("span", SHARING.done(name, SHARING.roles[share.role])), button]);
    return line;
  }

  async #end(share) {
    try {
      await this.#door.service.call("DELETE", `${SHARES}/${share.share_id}`);
    } catch (fault) {
      if (!refused(fault, 404)) throw fault; // ended already, in another window
    }
    await this.#list();
    say("share-said", SHARING.ended(nameOf(share)));
    at("share-list-title").focus();
  }

  async #all(url) {
    const found = [];
    for (let cursor = ""; cursor !== null; ) {
      const page = await this.#door.service.call("GET", `${url}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  }
}

function nameOf(share) {
  if (share.shared_with === "user") return SHARING.user(share.username);
  if (share.shared_with === "class") return SHARING.classroom(share.class_name);
  return SHARING.link(clock(share.expires_at));
}
