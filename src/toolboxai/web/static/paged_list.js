// A list that the server gives page by page, with what is said while it is read, when it is empty, and when it fails.

import { at, make } from "./dom.js";
import { SignedOut } from "./service.js";
import { act, plain, trouble } from "./trouble.js";
import { LISTING } from "./listing_words.js";

export class PagedList {
  /** Why the last reading failed, or null. */
  fault = null;
  #name;
  #service;
  #row;
  #empty;
  #path = null;
  #cursor = null;
  #turn = 0; // of the newest reading; what an earlier one brings is not shown

  /**
   * @param name its elements are NAME-list, NAME-state and NAME-more
   * @param service the server
   * @param row makes an item's element; async where it has to ask
   * @param empty the sentence for an empty list
   */
  constructor(name, service, row, empty) {
    this.#name = name;
    this.#service = service;
    this.#row = row;
    this.#empty = empty;
    at(`${name}-more`).addEventListener("click", (event) => act(event, event.currentTarget, () => this.#more()));
  }

  /** Read from the beginning; `path` has a query already, or none. True when it went well. */
  async open(path = this.#path) {
    this.#path = path;
    this.#cursor = null;
    return this.#read(true);
  }

  /** Empty, and nothing is read any more. */
  clear() {
    this.#turn += 1;
    at(`${this.#name}-list`).replaceChildren();
    at(`${this.#name}-state`).textContent = "";
    at(`${this.#name}-more`).hidden = true;
  }

  async #more() {
    const list = at(`${this.#name}-list`);
    const known = list.childElementCount;
    if (await this.#read(false)) list.children[known]?.querySelector("a, button")?.focus();
  }

  async #read(anew) {
    const turn = ++this.#turn;
    const [list, state, more] = ["list", "state", "more"].map((part) => at(`${this.#name}-${part}`));
    more.hidden = true;
    this.fault = null;
    if (anew && list.childElementCount === 0) state.textContent = LISTING.reading;
    try {
      const cursor = this.#cursor === null ? "" : `${this.#path.includes("?") ? "&" : "?"}cursor=${this.#cursor}`;
      const page = await this.#service.call("GET", this.#path + cursor);
      const rows = await Promise.all(page.items.map((item) => this.#row(item)));
      if (turn !== this.#turn) return false;
      if (anew) list.replaceChildren(...rows);
      else list.append(...rows);
      this.#cursor = page.next_cursor;
      more.hidden = page.next_cursor === null;
      state.textContent = list.childElementCount === 0 ? this.#empty : "";
      return true;
    } catch (fault) {
      if (turn === this.#turn) this.#failed(fault, anew);
      return false;
    }
  }

  #failed(fault, anew) {
    this.fault = fault;
    if (fault instanceof SignedOut) {
      trouble(fault);
      return;
    }
    const again = make("button", LISTING.again, { type: "button", class: "quiet" });
    again.addEventListener("click", () => this.#read(anew));
    at(`${this.#name}-state`).replaceChildren(make("span", `${LISTING.failed} ${plain(fault)} `), again);
  }
}
