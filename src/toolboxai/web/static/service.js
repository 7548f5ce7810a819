// The server's REST side, with the tokens of whoever is signed in. They are held in memory alone: a reload forgets them.

/** The server answered, and the answer is no. */
export class Refusal extends Error {
  constructor(status, answer) {
    super(answer.message ?? `the server answered with status ${status}`);
    this.status = status;
    this.code = answer.error_code ?? "";
    this.fields = answer.details?.fields ?? {};
    this.retryAfter = answer.details?.retry_after ?? null;
    this.requestId = answer.request_id ?? null;
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** Nobody is signed in, or no longer. */
export class SignedOut extends Error {}

/** Whether the same call may succeed later: nobody answered, too often, or a fault of the server's own. */
export function passes(fault) {
  return fault instanceof Unreachable || (fault instanceof Refusal && (fault.status === 429 || fault.status >= 500));
}

export class Service {
  #access = null;
  #refresh = null;
  #renewing = null; // one refresh for all calls that wait for it: each refresh token is good once

  /** Exchange a one-time code; returns the account. */
  signInWithCode(code, elsewhere) {
    // What was begun at an identity provider ends in the same browser, which its cookie shows; nothing else needs one.
    if (elsewhere) return this.#enter("/api/v1/auth/oidc/session", { code }, "same-origin");
    return this.#enter("/api/v1/auth/one-time", { code });
  }

  /** Sign in with a name or an e-mail address; returns the account. */
  signIn(name, password) {
    const who = name.includes("@") ? { email: name } : { username: name };
    return this.#enter("/api/v1/auth/login", { ...who, password });
  }

  /** End the login session there and forget its tokens here; here they are forgotten whatever the server says. */
  async signOut() {
    const token = this.#access;
    this.#forget();
    await ask("POST", "/api/v1/auth/logout", undefined, bearer(token));
  }

  /** A call as the one who is signed in. An access token that is over is renewed once, and the call made again. */
  async call(method, path, body, headers = {}) {
    if (this.#access === null) throw new SignedOut();
    const used = this.#access;
    try {
      return await ask(method, path, body, { ...headers, ...bearer(used) });
    } catch (fault) {
      if (!(fault instanceof Refusal) || fault.status !== 401) throw fault;
    }
    if (this.#access === used) await this.#renew();
    return ask(method, path, body, { ...headers, ...bearer(this.#access) });
  }

  async #enter(path, body, credentials) {
    const session = await ask("POST", path, body, {}, credentials);
    this.#keep(session);
    return session.user;
  }

  #renew() {
    this.#renewing ??= this.#renewOnce().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renewOnce() {
    const token = this.#refresh;
    try {
      const session = await ask("POST", "/api/v1/auth/refresh", { refresh_token: token });
      if (this.#refresh !== token) throw new SignedOut(); // signed out while the answer was on its way
      this.#keep(session);
    } catch (fault) {
      if (!(fault instanceof Refusal) || fault.status !== 401) throw fault;
      if (this.#refresh === token) this.#forget();
      throw new SignedOut();
    }
  }

  #keep(session) {
    this.#access = session.access_token;
    this.#refresh = session.refresh_token;
  }

  #forget() {
    this.#access = null;
    this.#refresh = null;
  }
}

/** What anybody may read, as text or as JSON. */
export function open(path) {
  return ask("GET", path);
}

function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

async function ask(method, path, body, headers = {}, credentials = "omit") {
  const options = { method, headers: { ...headers }, credentials, cache: "no-store", redirect: "error" };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer, text;
  try {
    answer = await fetch(path, options);
    text = await answer.text();
  } catch (fault) {
    throw new Unreachable(String(fault));
  }
  const json = (answer.headers.get("content-type") ?? "").startsWith("application/json");
  const said = json ? JSON.parse(text) : text;
  if (!answer.ok) throw new Refusal(answer.status, json ? said : {});
  return said;
}
