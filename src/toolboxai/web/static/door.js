// Who is signed in: the door of every page, its header, and the codes with which somebody comes.

import { at, make, show } from "./dom.js";
import { save } from "./save.js";
import { Refusal, Service, open, passes } from "./service.js";
import { Told, act, marked, trouble, whenSignedOut } from "./trouble.js";
import { DOOR, TROUBLE, WAYS } from "./words.js";

const SECTIONS = ["looking", "door", "joining", "welcome"];
const CODES = ["code", "welcome", "join", "share"];

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
    at("have-account").addEventListener("click", () => this.#show("door"));
    at("sign-out").addEventListener("click", (event) => act(event, at("sign-out"), () => this.#signOut()));
    at("export").addEventListener("click", (event) => act(event, at("export"), () => this.#export()));
    at("delete").addEventListener("click", () => this.#ask());
    at("go").addEventListener("submit", (event) => this.#farewell(event));
    addEventListener("hashchange", () => this.#come(takeCode()));
    this.#windows.onmessage = ({ data }) => data === "out" && this.user !== null && this.#out(TROUBLE.signedOutElsewhere);
    whenSignedOut(() => this.#close());
  }

  /** Let somebody in: with the code of the address, with what the browser keeps, or at the door. */
  open() {
    offerElsewhere();
    if (this.#code?.kind === "code") act(null, at("login"), () => this.#useCode());
    else if (this.#code?.kind === "welcome") this.#show("welcome");
    else act(null, at("looking"), () => this.#resume());
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
    else this.#show(this.#code === null ? "door" : "joining");
  }

  #come(code) {
    if (code === null) return;
    this.#code = code;
    if (code.kind === "code") act(null, at("login"), () => this.#useCode());
    else if (code.kind === "welcome") this.#show("welcome");
    else if (this.user !== null) act(null, at("main"), () => this.#entered(this.user));
    else this.#show("joining");
  }

  async #useCode() {
    const used = this.#code;
    try {
      const user = await this.service.signInWithCode(used.text, used.elsewhere);
      this.#code = null;
      at("code-again").hidden = true;
      await this.#entered(user);
    } catch (fault) {
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
    this.#show("joining");
  }

  /** Without an account: a class or a shared lesson is come to under a name of one's own choice. */
  async #join() {
    const pseudonym = at("pseudonym").value.trim();
    const { kind, text } = this.#code;
    const path = kind === "join" ? "/api/v1/classes/join" : "/api/v1/shares/redeem";
    try {
      this.#through(await this.service.enter(path, { code: text, pseudonym }));
    } catch (fault) {
      if (!(fault instanceof Refusal) || passes(fault) || fault.fields.pseudonym !== undefined) throw fault;
      this.#code = null;
      this.#show("door");
      throw new Told(TROUBLE.badCode(kind));
    }
    at("join").reset();
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
    const code = this.#code;
    this.#code = null;
    if (code !== null) {
      const path = code.kind === "join" ? "/api/v1/classes/join" : "/api/v1/shares/redeem";
      return this.#through(await this.service.call("POST", path, { code: code.text }));
    }
    await this.#page.entered(user);
  }

  /** With a class or a lesson that was come to, the pupils' page is the place to be. */
  #through(answer) {
    const session = answer.share?.id ?? answer.id;
    location.assign(answer.class ? `/learn#class=${answer.class.class_id}` : `/learn#session=${session}`);
    if (location.pathname === "/learn") location.reload();
  }

  // ---- going out ----

  async #signOut() {
    this.#out(null);
    this.#windows.postMessage("out");
    try {
      await this.service.signOut();
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw new Told(TROUBLE.signedOutHere);
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
  }

  #farewell(event) {
    if (event.submitter?.value !== "go") return;
    event.preventDefault();
    if (at("word").value.trim().toLowerCase() !== "delete") {
      marked(at("go"), { word: DOOR.word });
      return;
    }
    at("farewell").close();
    act(null, at("account"), async () => {
      await this.service.call("DELETE", "/api/v1/me", { confirm: "delete" });
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
