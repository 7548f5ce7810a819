// The server's REST side, with the access token of whoever is signed in. It is held in memory alone; the browser keeps
// the sign-in itself, in a cookie that no script reads, and all its windows share it.

const KEPT = "/api/v1/auth/browser";

/** The server answered, and the answer is no. */
export class Refusal extends Error {
  constructor(status, { message, error_code: code = "", details, request_id: requestId = null }) {
    super(message ?? `the server answered with status ${status}`);
    // Faults and risks are those of a file or a script, each with its line.
    const { fields = {}, faults = [], risks = [], retry_after: retryAfter = null } = details ?? {};
    Object.assign(this, { status, code, fields, faults, risks, retryAfter, requestId });
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** Nobody is signed in, or no longer. */
export class SignedOut extends Error {}

/** Whether the server answered no, with one of these statuses. */
export const refused = (fault, ...statuses) => fault instanceof Refusal && statuses.includes(fault.status);

/** Whether the same call may succeed later: nobody answered, too often, or a fault of the server's own. */
export function passes(fault) {
  return fault instanceof Unreachable || (fault instanceof Refusal && (fault.status === 429 || fault.status >= 500));
}

export class Service {
  #access = null;
  #who; // id of the account
  #renewing = null; // one renewal for all calls that wait for it

  /** Go on with the sign-in that this browser keeps; returns the account, or null where it keeps none. */
  async resume() {
    const session = await ask("POST", KEPT, undefined, {}, "same-origin");
    if (session === "") return null;
    this.#is(session);
    return session.user;
  }

  /** Exchange a one-time code; returns the account. */
  async signInWithCode(code, elsewhere) {
    // What was begun at an identity provider ends in the same browser, which its cookie shows.
    if (elsewhere) return (await this.enter("/api/v1/auth/oidc/session", { code }, "same-origin")).user;
    return (await this.enter("/api/v1/auth/one-time", { code })).user;
  }

  /** Sign in with a name or an e-mail address; returns the account. */
  async signIn(name, password) {
    const who = name.includes("@") ? { email: name } : { username: name };
    return (await this.enter("/api/v1/auth/login", { ...who, password })).user;
  }

  /** Sign in by whatever route answers with tokens, and have the browser keep it; returns that answer. */
  async enter(path, body, credentials) {
    const answer = await ask("POST", path, body, {}, credentials);
    const kept = await ask("PUT", KEPT, { refresh_token: answer.refresh_token }, {}, "same-origin");
    this.#is(kept);
    return answer;
  }

  #is({ access_token, user }) {
    this.#access = access_token;
    this.#who = user.id;
  }

  /** End the sign-in, in all windows of this browser; here it is forgotten whatever the server says. */
  async signOut() {
    this.forget();
    await ask("DELETE", KEPT, undefined, {}, "same-origin");
  }

  /** Forget the token of this window. */
  forget() {
    this.#access = null;
  }

  /** Whether somebody is signed in, as far as this window knows. */
  get signedIn() {
    return this.#access !== null;
  }

  /** A call as the one who is signed in. An access token that is over is renewed once, and the call made again. */
  call(method, path, body, headers = {}) {
    return this.#signed((bearer) => ask(method, path, body, { ...headers, ...bearer }));
  }

  /** The same, for what is no JSON: the answer of `fetch`, which was good; `options` as it takes them. */
  fetch(path, options = {}) {
    return this.#signed((bearer) => fetched(path, { ...options, headers: { ...options.headers, ...bearer } }));
  }

  async #signed(work) {
    if (this.#access === null) throw new SignedOut();
    const used = this.#access;
    try {
      return await work(bearer(used));
    } catch (fault) {
      if (!refused(fault, 401)) throw fault;
    }
    if (this.#access === used) await this.#renew();
    return work(bearer(this.#access));
  }

  #renew() {
    this.#renewing ??= this.#renewOnce().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renewOnce() {
    const used = this.#access;
    try {
      const session = await ask("POST", KEPT, undefined, {}, "same-origin");
      if (this.#access !== used || session.user?.id !== this.#who) throw new SignedOut(); // meanwhile; or another is in
      this.#access = session.access_token;
    } catch (fault) {
      if (refused(fault, 401)) fault = new SignedOut();
      if (fault instanceof SignedOut && this.#access === used) this.forget();
      throw fault;
    }
  }
}

/** What anybody may read, as text or as JSON. */
export function open(path) {
  return ask("GET", path);
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** What the network brings; where it brings nothing, in words of ours. */
function reached(coming) {
  return coming.catch((fault) => {
    throw new Unreachable(String(fault));
  });
}

/** JSON in, JSON or text out. */
async function ask(method, path, body, headers = {}, credentials = "omit") {
  const options = { method, headers: { ...headers }, credentials };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  return said(await fetched(path, options));
}

async function fetched(path, options) {
  const answer = await reached(fetch(path, { credentials: "omit", cache: "no-store", redirect: "error", ...options }));
  if (answer.ok) return answer;
  const text = await said(answer);
  throw new Refusal(answer.status, typeof text === "object" ? text : {});
}

async function said(answer) {
  const text = await reached(answer.text());
  return (answer.headers.get("content-type") ?? "").startsWith("application/json") ? JSON.parse(text) : text;
}
