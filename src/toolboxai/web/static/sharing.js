// With whom a lesson is shared: somebody by name, a class, whoever has a link. Also of one that is still being made.

import { at, make } from "./dom.js";
import { Refusal } from "./service.js";
import { act, marked } from "./trouble.js";
import { SHARING } from "./lesson_words.js";

const SHARES = "/api/v1/shares";
const KIND = "content_session";

export class Sharing {
  #door;
  #session = null; // id of the session that is shared

  /** @param door who is signed in; the dialog is `#sharing` of the page */
  constructor(door) {
    this.#door = door;
    for (const [id, others] of [
      ["share-person", () => ({ username: at("share-username").value.trim(), role: at("share-role").value })],
      ["share-class", () => ({ class_id: at("share-class-id").value })],
      ["share-link", () => ({ link: { hours: Number(at("share-hours").value) }, role: at("share-link-role").value })],
    ]) {
      at(id).addEventListener("submit", (event) => act(event, at(id), () => this.#share(at(id), others())));
    }
    at("share-copy").addEventListener("click", () => this.#copy());
    at("sharing-close").addEventListener("click", () => this.close());
    at("sharing").addEventListener("close", () => (at("share-url").value = "")); // also by the key Escape
  }

  /**
   * Open the dialog.
   * @param sessionId of the session
   * @param title of what it makes, or null while that has none
   */
  async open(sessionId, title) {
    this.#session = sessionId;
    at("sharing-what").textContent = title === null ? SHARING.running : SHARING.what(title);
    for (const id of ["share-person", "share-class", "share-link"]) {
      at(id).reset();
      marked(at(id), {});
    }
    at("share-made").hidden = true;
    at("share-url").value = "";
    at("share-said").textContent = SHARING.looking;
    at("share-list").replaceChildren();
    at("sharing").showModal();
    at("sharing-title").focus();
    await act(null, at("sharing"), () => Promise.all([this.#classes(), this.#list()]));
    at("share-said").textContent = "";
  }

  /** Close it; a link that was made is not shown again. */
  close() {
    at("sharing").close();
    this.#session = null;
  }

  async #share(form, others) {
    marked(form, {});
    const share = await this.#door.service
      .call("POST", SHARES, { kind: KIND, id: this.#session, ...others })
      .catch((fault) => {
        if (fault instanceof Refusal && fault.status === 404 && others.username) fault.fields = { username: SHARING.noSuchUser };
        throw fault;
      });
    await this.#list();
    if (share.link !== null) this.#show(share.link);
    else {
      form.reset();
      at("share-said").textContent = SHARING.done(nameOf(share), SHARING.roles[share.role]);
    }
  }

  #show(link) {
    at("share-url").value = location.origin + link;
    at("share-made").hidden = false;
    at("share-said").textContent = SHARING.linked;
    at("share-url").focus();
    at("share-url").select();
  }

  async #copy() {
    at("share-url").select();
    try {
      await navigator.clipboard.writeText(at("share-url").value); // not there on plain http
      at("share-said").textContent = SHARING.copied;
    } catch {
      at("share-url").focus();
      at("share-said").textContent = SHARING.copyByHand;
    }
  }

  async #classes() {
    const classes = await this.#all("/api/v1/classes?");
    const own = classes.filter((one) => one.owner_id === this.#door.user.id);
    at("share-class-id").replaceChildren(...own.map((one) => make("option", one.name, { value: one.class_id })));
    at("share-class-fields").hidden = own.length === 0;
    at("share-no-class").hidden = own.length > 0;
  }

  async #list() {
    const session = this.#session;
    const shares = await this.#all(`${SHARES}?kind=${KIND}&id=${session}&`);
    if (session !== this.#session) return;
    at("share-list").replaceChildren(...shares.map((share) => this.#line(share)));
    if (shares.length === 0) at("share-list").append(make("li", SHARING.nobody, { class: "hint" }));
  }

  #line(share) {
    const line = make("li");
    const button = make("button", SHARING.end, { type: "button", class: "quiet", "aria-label": SHARING.endOf(nameOf(share)) });
    button.addEventListener("click", () => act(null, line, () => this.#end(share)));
    line.append(make("span", SHARING.done(nameOf(share), SHARING.roles[share.role])), button);
    return line;
  }

  async #end(share) {
    try {
      await this.#door.service.call("DELETE", `${SHARES}/${share.share_id}`);
    } catch (fault) {
      if (!(fault instanceof Refusal) || fault.status !== 404) throw fault; // ended already, in another window
    }
    await this.#list();
    at("share-said").textContent = SHARING.ended(nameOf(share));
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
  return SHARING.link(new Date(share.expires_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }));
}
