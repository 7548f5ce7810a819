// Who is signed in: the door of every page, its header, and the codes with which somebody comes.

import { at, make, show } from "./dom.js";
import { save } from "./save.js";
import { Refusal, Service, open, passes } from "./service.js";
import { Told, act, marked, trouble, whenSignedOut } from "./trouble.js";
import { DOOR, TROUBLE, WAYS } from "./words.js";

const SECTIONS = ["looking", "door", "joining", "welcome"];
const CODES = ["code", "welcome", "join", "share", "return"];
const RETURN = "/api/v1/classes/return"; // a pupil's own way back

export class Door {
  /** The server, as whoever is signed in. */
  service = new Service();
  /** The account that is signed in, or null. */
  user = null;
  #page;
  #last = null; // id of the account that was here last: what it left there is for nobody else
  #code; // {kind, text, elsewhere}: with which somebody came
  #windows = new BroadcastChannel("toolboxai-login"); // of this server in this browser

  /**
   * @param page {sections: ids of the page's own sections, entered(user), left()}: what the page does when somebody is in
   *   (its own sections are hidden until it shows one), and when nobody is any more. `entered` may be async.
   */
  constructor(page) {
    this.#page = page;
    // Before anything else: the code goes out of the address bar, where it could be read, copied or kept.
    this.#code = takeCode();
    at("login").addEventListener("submit", (event) => act(event, at("login"), () => this.#login()));
    at("with-code").addEventListener("submit", (event) => act(event, at("with-code"), () => this.#typed()));
    at("join").addEventListener("submit", (event) => act(event, at("join"), () => this.#join()));
    at("choose").addEventListener("submit", (event) => act(event, at("choose"), () => this.#choose()));
    at("code-again").addEventListener("click", (event) => act(event, at("login"), () => this.#useCode()));
    at("have-account").addEventListener("click", () => act(null, at("join"), () => this.#notNow()));
    at("sign-out").addEventListener("click", (event) => act(event, at("sign-out"), () => this.#signOut()));
    at("export").addEventListener("click", (event) => act(event, at("export"), () => this.#export()));
    at("delete").addEventListener("click", () => this.#ask());
    at("go").addEventListener("submit", (event) => this.#farewell(event));
    addEventListener("hashchange", () => this.#typedInAddress(takeCode()));
    this.#windows.onmessage = ({ data }) => data === "out" && this.user !== null && this.#out(TROUBLE.signedOutElsewhere);
    whenSignedOut(() => this.#close());
  }

  /** Let somebody in: with the code of the address, with what the browser keeps, or at the door. */
  open() {
    offerElsewhere();
    if (this.#code === null || !this.#come(this.#code)) act(null, at("looking"), () => this.#resume());
  }

  /** Show one of the page's own sections. */
  show(name) {
    for (const id of SECTIONS) at(id).hidden = true;
    show(name, this.#page.sections);
  }

  #show(name) {
    for (const id of this.#page.sections) at(id).hidden = true;
    show(name, SECTIONS);
  }

  // ---- coming in ----

  async #resume() {
    this.#show("looking");
    let user = null;
    try {
      user = await this.service.resume();
    } catch (fault) {
      if (!(fault instanceof Refusal) || fault.status !== 401) {
        this.#show("door");
        throw fault;
      }
    }
    if (user !== null) await this.#entered(user);
    else if (this.#code === null) this.#show("door");
    else this.#nameAsked();
  }

  #typedInAddress(code) {
    if (code === null) return;
    this.#code = code;
    if (this.#come(code)) return;
    if (this.user !== null) act(null, at("main"), () => this.#entered(this.user));
    else this.#nameAsked();
  }

  /** Codes that say who somebody is are used at once, whoever was signed in before; whether it is one. */
  #come({ kind }) {
    if (kind === "code" || kind === "return") act(null, at("login"), () => this.#useCode());
    else if (kind === "welcome") this.#show("welcome");
    else return false;
    return true;
  }

  async #useCode() {
    const used = this.#code;
    try {
      if (used.kind === "return") return this.#through(await this.service.enter(RETURN, { code: used.text }));
      const user = await this.service.signInWithCode(used.text, used.elsewhere);
      this.#code = null;
      at("code-again").hidden = true;
      await this.#entered(user);
    } catch (fault) {
      if (used.kind === "return" && !passes(fault)) await this.#notLet(used.kind, fault);
      if (this.user !== null) throw fault;
      if (!passes(fault)) this.#code = null;
      at("code-again").hidden = this.#code === null;
      this.#show("door");
      throw passes(fault) ? fault : new Told(used.elsewhere ? TROUBLE.notSignedIn : TROUBLE.codeUsed);
    }
  }

  async #login() {
    let user;
    try {
      user = await this.service.signIn(at("name").value.trim(), at("password").value);
    } catch (fault) {
      throw fault instanceof Refusal && fault.status === 401 ? new Told(TROUBLE.wrongPassword) : fault;
    }
    at("login").reset();
    await this.#entered(user);
  }

  async #typed() {
    this.#code = { kind: "join", text: at("class-code").value.trim().toUpperCase() };
    at("with-code").reset();
    this.#nameAsked();
  }

  #nameAsked() {
    at("have-account").textContent = this.user === null ? DOOR.haveAccount : DOOR.notNow;
    this.#show("joining");
  }

  async #notNow() {
    if (this.user === null) return this.#show("door");
    this.#code = null;
    await this.#page.entered(this.user);
  }

  /** A class is come to under a name of one's own choice, a shared lesson too by whoever has no account. */
  async #join() {
    const pseudonym = at("pseudonym").value.trim();
    const { kind, text } = this.#code;
    const path = kind === "join" ? "/api/v1/classes/join" : "/api/v1/shares/redeem";
    const body = { code: text, pseudonym };
    try {
      const here = this.user !== null;
      this.#through(here ? await this.service.call("POST", path, body) : await this.service.enter(path, body));
    } catch (fault) {
      const again = !(fault instanceof Refusal) || passes(fault) || fault.fields.pseudonym !== undefined;
      if (again || fault.status === 409) throw fault;
      await this.#notLet(kind, fault);
    }
    this.#code = null;
    at("join").reset();
  }

  /** A code that leads nowhere: on with what there is, and the reason told. */
  async #notLet(kind, fault) {
    this.#code = null;
    if (kind === "return" && this.user === null) await this.#resume();
    else await this.#notNow();
    throw fault.status === 404 || fault.status === 401 ? new Told(TROUBLE.badCode[kind]) : fault;
  }

  async #choose() {
    try {
      const chosen = { code: this.#code.text, password: at("new-password").value };
      const { user } = await this.service.enter("/api/v1/auth/welcome", chosen);
      this.#code = null;
      at("choose").reset();
      await this.#entered(user);
    } catch (fault) {
      if (this.user !== null || !(fault instanceof Refusal) || passes(fault) || fault.fields.password) throw fault;
      this.#code = null;
      this.#show("door");
      throw new Told(TROUBLE.welcomeUsed);
    }
  }

  async #entered(user) {
    if (this.#last !== null && this.#last !== user.id) this.#page.left();
    this.user = user;
    this.#last = user.id;
    at("who").textContent = user.display_name || user.username;
    at("account").hidden = false;
    at("ways").replaceChildren(...ways(user));
    at("ways").hidden = at("ways").childElementCount < 2;
    if (this.#code?.kind === "join") return this.#nameAsked();
    if (this.#code?.kind === "share") return this.#redeem();
    await this.#page.entered(user);
  }

  async #redeem() {
    const { kind, text } = this.#code;
    try {
      this.#through(await this.service.call("POST", "/api/v1/shares/redeem", { code: text }));
      this.#code = null;
    } catch (fault) {
      await this.#notLet(kind, fault);
    }
  }

  /** With a class or a lesson that was come to, the pupils' page is the place to be. */
  #through(answer) {
    const session = answer.share === undefined ? "" : `#session=${answer.share.id}`;
    location.assign(`/learn${answer.class ? `#class=${answer.class.class_id}` : session}`);
    if (location.pathname === "/learn") location.reload();
  }

  // ---- going out ----

  async #signOut() {
    this.#out(null);
    this.#windows.postMessage("out");
    try {
      await this.service.signOut();
    } catch {
      throw new Told(TROUBLE.signedOutHere);
    }
  }

  #out(said) {
    this.#close();
    this.#last = null;
    this.#page.left();
    if (said !== null) trouble(new Told(said));
  }

  /** What was written on the page stays there for whoever wrote it. */
  #close() {
    this.service.forget();
    this.user = null;
    at("account").hidden = true;
    at("account").open = false;
    at("ways").hidden = true;
    this.#show("door");
  }

  // ---- the account ----

  async #export() {
    const kept = await (await this.service.fetch("/api/v1/me/export")).blob();
    const url = URL.createObjectURL(kept);
    await save(url, "toolboxai-account.json");
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  #ask() {
    at("go").reset();
    marked(at("go"), {});
    at("farewell").showModal();
    trouble(null);
  }

  #farewell(event) {
    if (event.submitter?.value !== "go") return;
    event.preventDefault();
    if (at("word").value.trim().toLowerCase() !== "delete") {
      marked(at("go"), { word: DOOR.word });
      return;
    }
    act(null, at("go"), async () => {
      const password = at("own-password").value;
      await this.service.call("DELETE", "/api/v1/me", password ? { password } : { confirm: "delete" });
      at("farewell").close();
      this.#windows.postMessage("out");
      this.#out(DOOR.deleted);
    });
  }
}

/** The one code in the address, if there is one; it leaves the address. */
function takeCode() {
  const found = new URLSearchParams(location.hash.slice(1));
  const kind = CODES.find((name) => found.has(name));
  if (kind === undefined) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return { kind, text: found.get(kind), elsewhere: found.get("from") === "oidc" };
}

/** The school's identity provider, where there is one; without an answer the password is still there. */
async function offerElsewhere() {
  const { oidc } = await open("/api/v1/auth/ways").catch(() => ({ oidc: null }));
  if (oidc === null) return;
  at("elsewhere").textContent = DOOR.elsewhere(oidc.label);
  at("elsewhere").href = oidc.url;
  at("elsewhere").hidden = false;
}

/** The pages that are of use to this account. */
function ways(user) {
  const here = document.body.dataset.page;
  return WAYS.filter(({ needs }) => needs.some((permission) => user.permissions.includes(permission))).map(
    ({ path, page, label }) => make("a", label, { href: path, "aria-current": page === here ? "page" : false }),
  );
}
