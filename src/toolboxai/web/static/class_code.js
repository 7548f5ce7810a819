// The code by which pupils join a class: shown large, made anew, ended.

import { at } from "./dom.js";
import { oneLink } from "./one_link.js";
import { day } from "./times.js";
import { act } from "./trouble.js";
import { SCHOOL } from "./school_words.js";

const LONGEST_MS = 2 ** 31 - 1; // of a timer

export class ClassCode {
  #service;
  #class = null;
  #ends = null;

  constructor(service) {
    this.#service = service;
    at("new-code").addEventListener("submit", (event) => act(event, at("new-code"), () => this.#renew()));
    at("code-close").addEventListener("click", (event) => act(event, at("code-close"), () => this.#close()));
    at("code-large").addEventListener("click", () => this.#large());
  }

  /** Show the code of a class, or that it has none. */
  show(classroom) {
    this.#class = classroom;
    clearTimeout(this.#ends);
    const { join } = classroom;
    const left = join === null ? 0 : Date.parse(join.expires_at) - Date.now();
    at("code-open").hidden = left <= 0;
    at("code-closed").hidden = left > 0;
    if (left <= 0) return;
    at("code").textContent = join.code;
    at("code-until").textContent = SCHOOL.until(day(join.expires_at));
    at("code-link").replaceChildren(oneLink(SCHOOL.joinLink, `/#join=${join.code}`));
    this.#ends = setTimeout(() => this.show(classroom), Math.min(left, LONGEST_MS));
  }

  /** Nothing is shown any more. */
  clear() {
    clearTimeout(this.#ends);
    at("board").close();
  }

  async #renew() {
    const { class_id } = this.#class;
    const body = { hours: Number(at("code-hours").value) };
    const { code, expires_at } = await this.#service.call("POST", `/api/v1/classes/${class_id}/join-code`, body);
    this.show({ ...this.#class, join: { code, expires_at } });
    at("joining-code-title").focus();
  }

  async #close() {
    await this.#service.call("DELETE", `/api/v1/classes/${this.#class.class_id}/join-code`);
    this.show({ ...this.#class, join: null });
    at("joining-code-title").focus();
  }

  #large() {
    at("board-title").textContent = SCHOOL.board(this.#class.name);
    at("board-where").textContent = SCHOOL.boardWhere(location.host);
    at("board-code").textContent = this.#class.join.code;
    at("board").showModal();
  }
}
