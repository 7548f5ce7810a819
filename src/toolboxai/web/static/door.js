// Who is signed in: the door of every page, its header, and the codes with which somebody comes.

import { at, fill, hide, make, on, say } from "./dom.js";
import { save } from "./save.js";
import { Refusal, Service, open, passes, refused } from "./service.js";
import { Told, act, acts, marked, trouble, whenSignedOut } from "./trouble.js";
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
    acts("login", "submit", () => this.#login());
    acts("with-code", "submit", () => this.#typed());
    acts("join", "submit", () => this.#join());
    acts("choose", "submit", () => this.#choose());
    on("code-again", "click", (event) => act(event, at("login"), () => this.#useCode()));
    on("have-account", "click", () => act(null, at("join"), () => this.#notNow()));
    acts("sign-out", "click", () => this.#signOut());
    acts("export", "click", () => this.#export());
    on("delete", "click", () => this.#ask());
    on("go", "submit", (event) => this.#farewell(event));
    addEventListener("hashchange", () => this.#typedInAddress(takeCode()));
    this.#windows.onmessage = ({ data }) => data === "out" && this.user !== null && this.#out(TROUBLE.signedOutElsewhere);
    whenSignedOut(() => this.#close());
  }

  /** Let somebody in: with the code of the address, with what the browser keeps, or at the door. */
  open() {
    offerElsewhere();
    if (this.#code === null || !this.#come(this.#code)) act(null, at("looking"), () => this.#resume());
  }

  /** Show one of the sections, the page's own or the door's, and hide the others; the focus goes to its heading. */
  show(name) {
    for (const id of [...SECTIONS, ...this.#page.sections]) hide(id, id !== name);
    at(`${name}-title`).focus();
  }

  // ---- coming in ----

  async #resume() {
    this.show("looking");
    let user = null;
    try {
      user = await this.service.resume();
    } catch (fault) {
      if (!refused(fault, 401)) {
        this.show("door");
        throw fault;
      }
    }
    if (user !== null) await this.#entered(user);
    else if (this.#code === null) this.show("door");
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
    else if (kind === "welcome") this.show("welcome");
    else return false;
    return true;
  }

  async #useCode() {
    const used = this.#code;
    try {
      if (used.kind === "return") return this.#through(await this.service.enter(RETURN, { code: used.text }));
      const user = await this.service.signInWithCode(used.text, used.elsewhere);
      this.#code = null;
      hide("code-again");
      await this.#entered(user);
    } catch (fault) {
      if (used.kind === "return" && !passes(fault)) await this.#notLet(used.kind, fault);
      if (this.user !== null) throw fault;
      if (!passes(fault)) this.#code = null;
      hide("code-again", this.#code === null);
      this.show("door");
      throw passes(fault) ? fault : new Told(used.elsewhere ? TROUBLE.notSignedIn : TROUBLE.codeUsed);
    }
  }

  async #login() {
    let user;
    try {
      user = await this.service.signIn(at("name").value.trim(), at("password").value);
    } catch (fault) {
      throw refused(fault, 401) ? new Told(TROUBLE.wrongPassword) : fault;
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
    say("have-account", this.user === null ? DOOR.haveAccount : DOOR.notNow);
    this.show("joining");
  }

  async #notNow() {
    if (this.user === null) return this.show("door");
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
    throw refused(fault, 401, 404) ? new Told(TROUBLE.badCode[kind]) : fault;
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
      this.show("door");
      throw new Told(TROUBLE.welcomeUsed);
    }
  }

  async #entered(user) {
    if (this.#last !== null && this.#last !== user.id) this.#page.left();
    this.user = user;
    this.#last = user.id;
    say("who", user.display_name || user.username);
    hide("account", false);
    fill("ways", ways(user));
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
  #through({ class: group, share }) {
    const [path, kind] = share?.kind === "environment" ? ["/worlds", "world"] : ["/learn", "session"];
    const named = share ? `#${kind}=${share.id}` : "";
    location.assign(path + (group ? `#class=${group.class_id}` : named));
    if (location.pathname === path) location.reload();
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
    hide("account");
    at("account").open = false;
    hide("ways");
    this.show("door");
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
  say("elsewhere", DOOR.elsewhere(oidc.label));
  at("elsewhere").href = oidc.url;
  hide("elsewhere", false);
}

/** The pages that are of use to this account. */
function ways(user) {
  return WAYS.filter(({ needs }) => needs.some((permission) => user.permissions.includes(permission))).map(
    ({ path, label }) => make("a", label, { href: path, "aria-current": path === location.pathname ? "page" : false }),
  );
}
