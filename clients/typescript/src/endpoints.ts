import { RequestRefused, RequestUnavailable } from "./errors.js";
import { eventOf, isRecord, type ChannelEvent } from "./track.js";

/** A token, or a function that makes one. It is asked before each request; `refused` is the token that was not taken. */
export type TokenProvider = string | ((refused?: string) => string | null | Promise<string | null>);

/** What the auth endpoint answers. */
export interface Signature {
  auth: string;
  channel_data?: string;
  shared_secret?: string;
}

/** What `GET /api/v1/realtime/config` answers. */
export interface RealtimeConfig {
  key: string;
  cluster: string;
  host: string | null;
  port: number | null;
  scheme: "http" | "https" | null;
  auth_endpoint: string;
}

const TIMEOUT_MS = 10_000;
/** For what a user asks: the server's long polls take 25 s. */
export const PATIENT_MS = 40_000;
const PAGES_MOST = 1000; // a history that never ends is a fault of the server, not work for the client
const NAMES_MOST = 100; // in one authorisation

interface Asked {
  channel: string;
  resolve: (signature: Signature) => void;
  reject: (fault: unknown) => void;
}

/** What the client asks over HTTP. */
export class Endpoints {
  readonly base: string;
  readonly #waiting = new Map<string, Asked[]>(); // by connection
  #exchange: { refused: string; token: Promise<string | null> } | null = null;

  /** @param url of the server; empty in a page of the server's own */
  constructor(
    url: string,
    private readonly token: TokenProvider | undefined,
    private readonly fetching: typeof fetch,
  ) {
    this.base = url.replace(/^ws/, "http").replace(/\/+$/, "");
  }

  /** What pusher-js needs besides a token; told to anybody, so that no token is asked for before there is a server. */
  async config(): Promise<RealtimeConfig> {
    const path = "/api/v1/realtime/config";
    return (await this.#read("GET", path, await this.#send("GET", path))) as RealtimeConfig;
  }

  /**
   * The signature of a subscription; what one turn asks for goes out as one request.
   * @param path of the auth endpoint
   */
  sign(path: string, socketId: string, channel: string): Promise<Signature> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(socketId) ?? [];
      waiting.push({ channel, resolve, reject });
      if (waiting.length > 1) return;
      this.#waiting.set(socketId, waiting);
      setTimeout(() => {
        this.#waiting.delete(socketId);
        while (waiting.length > 0) void this.#signMany(path, socketId, waiting.splice(0, NAMES_MOST));
      });
    });
  }

  /**
   * The kept events of a channel with a number greater than `after`, oldest first.
   * @param eventsUrl where they are, when it is not the common history
   */
  async history(channel: string, after: number, eventsUrl?: string): Promise<ChannelEvent[]> {
    const events: ChannelEvent[] = [];
    const path = eventsUrl ?? `/api/v1/realtime/history?channel=${encodeURIComponent(channel)}`;
    let cursor = String(after);
    for (let page = 0; page < PAGES_MOST; page += 1) {
      const answer = await this.ask("GET", `${path}${path.includes("?") ? "&" : "?"}after=${cursor}`);
      if (!isRecord(answer) || !Array.isArray(answer.items)) break;
      for (const item of answer.items) {
        if (isRecord(item) && typeof item.type === "string") events.push(eventOf(channel, item.type, item));
      }
      const next = answer.next_cursor;
      if (next === null || next === undefined || String(next) === cursor) break;
      cursor = String(next);
    }
    return events;
  }

  /**
   * A request with the token; what it answers as JSON, or null without a body.
   * @throws {RequestRefused} the answer is no
   * @throws {RequestUnavailable} there was none, or one that asks to come back
   */
  async ask(method: string, path: string, body?: unknown, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    const token = this.#ours(path) ? await this.#token() : null;
    let answer = await this.#send(method, path, body, token, timeoutMs);
    if (answer.status === 401 && typeof this.token === "function" && token !== null) {
      answer = await this.#send(method, path, body, await this.#instead(token), timeoutMs);
    }
    return this.#read(method, path, answer);
  }

  /** Whether an address is the server's: none other may see the token, whoever names it. */
  #ours(path: string): boolean {
    if (!/^([a-z]+:|\/\/)/i.test(path)) return true;
    const here = this.base || globalThis.location?.origin;
    return here !== undefined && new URL(path, here).origin === new URL(here).origin;
  }

  async #read(method: string, path: string, answer: Response): Promise<unknown> {
    const said = await this.#said(answer, `${method} ${path.split("?")[0]}`);
    if (answer.ok) return said;
    const words = isRecord(said) && typeof said.message === "string" ? said.message : `HTTP status ${answer.status}`;
    if (answer.status === 429 || answer.status >= 500) {
      throw new RequestUnavailable(words, answer.status, Number(answer.headers.get("Retry-After")) || 0);
    }
    throw new RequestRefused(words, answer.status, isRecord(said) ? String(said.error_code ?? "") || null : null);
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    token: string | null = null,
    timeoutMs = TIMEOUT_MS,
  ): Promise<Response> {
    const headers: Record<string, string> = {};
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const asked: RequestInit = { method, headers, signal: AbortSignal.timeout(timeoutMs) };
    if (body !== undefined) asked.body = JSON.stringify(body);
    const address = /^https?:/.test(path) ? path : this.base + path;
    try {
      return await this.fetching(address, asked);
    } catch (fault) {
      const why = fault instanceof Error && fault.cause instanceof Error ? ` (${fault.cause.message})` : "";
      const words = `${method} ${address.split("?")[0]} failed: ${String(fault)}${why}`;
      throw new RequestUnavailable(`${words}; is the server running, the port right, and this page among its allowed_origins?`);
    }
  }

  /** The body; cut off or garbled by whatever stands between, it is asked for again like no answer at all. */
  async #said(answer: Response, what: string): Promise<unknown> {
    try {
      const text = await answer.text();
      return text === "" ? null : JSON.parse(text);
    } catch (fault) {
      if (!answer.ok) return null;
      throw new RequestUnavailable(`${what} was answered in part: ${String(fault)}`, answer.status);
    }
  }

  /** Another token for one that was refused; asked for once, however many requests were refused with it. */
  #instead(refused: string): Promise<string | null> {
    if (this.#exchange?.refused === refused) return this.#exchange.token;
    const exchange = { refused, token: this.#token(refused) };
    const forget = () => void (this.#exchange === exchange && (this.#exchange = null));
    exchange.token.then((token) => (token === refused || token === null) && forget(), forget);
    this.#exchange = exchange;
    return exchange.token;
  }

  async #token(refused?: string): Promise<string | null> {
    if (typeof this.token !== "function") return this.token ?? null;
    try {
      return (await this.token(refused)) || null;
    } catch (fault) {
      // The user's code, which may ask a server that is away: no reason to end the rest.
      throw new RequestUnavailable(`no token could be had: ${String(fault)}`);
    }
  }

  async #signMany(path: string, socketId: string, some: Asked[]): Promise<void> {
    try {
      const names = [...new Set(some.map(({ channel }) => channel))];
      const answer = await this.ask("POST", path, { socket_id: socketId, channel_names: names });
      const channels = isRecord(answer) && isRecord(answer.channels) ? answer.channels : {};
      for (const { channel, resolve, reject } of some) {
        const signed = channels[channel];
        if (isRecord(signed) && typeof signed.auth === "string") resolve(signed as unknown as Signature);
        else reject(refusal(channel, isRecord(signed) ? signed : {}));
      }
    } catch (fault) {
      for (const { reject } of some) reject(fault);
    }
  }
}

function refusal(channel: string, said: Record<string, unknown>): Error {
  const code = String(said.error_code ?? "");
  const status = typeof said.status === "number" ? said.status : 200;
  if (status === 429 || status >= 500) return new RequestUnavailable(`${channel}: ${code}`, status);
  if (code === "") return new RequestRefused("the auth endpoint answered without a signature", status);
  return new RequestRefused(`you may not follow it (${code})`, status, code);
}
