import type { Options } from "pusher-js";
import { Backoff, retryAfterClose, type Retry } from "./backoff.js";
import type { Endpoints, RealtimeConfig } from "./endpoints.js";
import { ConnectionClosed, ConnectionRefused, GaveUp, RequestRefused, RequestUnavailable, wordsOf, type ClientError } from "./errors.js";
import { stockOptions, type Authorizer, type MakeStock, type Stock } from "./stock.js";
import { isRecord } from "./track.js";

/** `waiting`: lost; the next attempt comes after a pause. */
export type ConnectionState = "connecting" | "connected" | "waiting" | "closed";

/** Who is told what happens to the connection. */
export interface Told {
  /** Another state. */
  state(state: ConnectionState, words: string): void;
  /** The one pusher-js of before has another in its place: what is wanted of it has to be said again. */
  made(stock: Stock): void;
  established(): void;
  /** From here on nothing comes before the next `established`. */
  lost(): void;
  /** A message, as pusher-js has read it. */
  message(said: Record<string, unknown>): void;
  /** The server complains, and the connection goes on. */
  complaint(words: string): void;
  /** It tries no more. */
  stopped(fault: ClientError): void;
}

/** How the connection is made, and how it waits. */
export interface Ways {
  makeStock: MakeStock;
  stock: Partial<Options>;
  authorize: Authorizer;
  sleep: (ms: number) => Promise<void>;
  dice: () => number;
  maxAttempts: () => number;
}

/** One connection by pusher-js after another, with the waits, the close codes and the giving up that are ours. */
export class Connection {
  /** Why it is closed, when that was not its owner's wish. */
  fault: ClientError | null = null;
  state: ConnectionState = "closed";
  /** Counted up by each that is established. */
  count = 0;
  stock: Stock | null = null;
  config: RealtimeConfig | null = null;
  readonly #backoff: Backoff;
  #run = 0; // counted up by open and close: what belongs to an earlier one does nothing any more
  #phase: "still" | "connecting" | "connected" = "still";
  #since = 0;
  #code: number | null = null;
  #words = "";

  constructor(
    private readonly endpoints: Endpoints,
    private readonly ways: Ways,
    private readonly told: Told,
  ) {
    this.#backoff = new Backoff(ways.dice, ways.maxAttempts);
  }

  get live(): boolean {
    return this.#phase === "connected";
  }

  get socketId(): string | null {
    return this.live && this.stock !== null ? this.stock.connection.socket_id : null;
  }

  open(): void {
    if (this.state !== "closed") return;
    this.#run += 1;
    this.fault = null;
    this.#backoff.succeeded();
    void this.#attempt(this.#run);
  }

  close(): void {
    if (this.state === "closed") return;
    this.#stop(new ConnectionClosed("the client was closed"), "closed by its owner");
  }

  async #attempt(run: number): Promise<void> {
    this.#say("connecting", "");
    let config: RealtimeConfig;
    try {
      // Each time: the key may be another by now, and an answer shows that there is a server again. Of that pusher-js alone
      // would tell nothing for many seconds.
      config = await this.endpoints.config();
    } catch (fault) {
      if (run !== this.#run) return;
      const words = `the configuration could not be had: ${wordsOf(fault)}`;
      if (fault instanceof RequestRefused) return this.#stop(new ConnectionRefused(words, null), words);
      const leastMs = fault instanceof RequestUnavailable ? fault.retryAfterS * 1000 : 0;
      return this.#lost(words, "pause", 0, leastMs);
    }
    if (run !== this.#run) return;
    this.#code = null;
    this.#words = "";
    this.stock?.disconnect(); // closed and opened in one turn, it has not been let go of yet
    this.#phase = "connecting";
    try {
      if (this.stock !== null && JSON.stringify(config) === JSON.stringify(this.config)) this.stock.connect();
      else this.#make(config);
    } catch (fault) {
      this.#stop(new ConnectionRefused(wordsOf(fault), null), wordsOf(fault));
    }
  }

  #make(config: RealtimeConfig): void {
    const stock = new this.ways.makeStock(config.key, {
      ...stockOptions(config, this.endpoints.base),
      ...this.ways.stock,
      channelAuthorization: { customHandler: this.ways.authorize },
    } as Options);
    this.stock = stock;
    this.config = config;
    const bind = (event: string, listener: (said: unknown) => void) =>
      stock.connection.bind(event, (said: unknown) => {
        if (stock === this.stock) listener(said);
      });
    bind("state_change", (said) => this.#changed(isRecord(said) ? String(said.current) : ""));
    bind("connecting_in", () => this.#ended());
    bind("error", (said) => this.#complained(said));
    bind("message", (said) => this.#heard(said));
    this.told.made(stock);
  }

  #changed(current: string): void {
    if (current === "connected" && this.#phase === "connecting") this.#established();
    else if (this.#phase === "connected" || ["unavailable", "failed", "disconnected"].includes(current)) this.#ended();
  }

  #established(): void {
    this.#phase = "connected";
    this.count += 1;
    this.#since = performance.now();
    this.#backoff.succeeded();
    this.#say("connected", this.socketId ?? "");
    this.told.established();
  }

  #ended(): void {
    if (this.#phase === "still") return;
    const code = this.#code ?? 1006;
    const livedMs = this.#phase === "connected" ? performance.now() - this.#since : 0;
    const words = `${code}${this.#words && `: ${this.#words}`}`;
    const run = this.#run;
    const stock = this.#still();
    // pusher-js is about to set its own timers, which this ends; so a turn later.
    queueMicrotask(() => run === this.#run && stock?.disconnect());
    if (retryAfterClose(code) === "never") this.#stop(new ConnectionRefused(words, code), words);
    else this.#lost(words, retryAfterClose(code), livedMs);
  }

  #lost(words: string, retry: Retry, livedMs: number, leastMs = 0): void {
    const wait = this.#backoff.nextWait(retry, livedMs);
    if (wait === null) {
      this.#stop(new GaveUp(`${this.#backoff.failed} attempts to come back failed; the last: ${words}`), words);
      return;
    }
    const run = this.#run;
    this.#say("waiting", words);
    const online = network();
    void Promise.race([this.ways.sleep(Math.max(wait, leastMs)), online.back]).then(() => {
      online.end();
      if (run === this.#run) void this.#attempt(run);
    });
  }

  #stop(fault: ClientError, words: string): void {
    this.#run += 1;
    const stock = this.#still();
    // What was sent a moment ago leaves a turn later; so does this.
    const run = this.#run;
    setTimeout(() => run === this.#run && stock?.disconnect());
    this.fault = fault instanceof ConnectionClosed ? null : fault;
    this.#say("closed", words);
    this.told.stopped(fault);
  }

  /** From here on pusher-js is not listened to. */
  #still(): Stock | null {
    this.#phase = "still";
    this.told.lost();
    return this.stock;
  }

  #say(state: ConnectionState, words: string): void {
    if (state === this.state) return;
    this.state = state;
    this.told.state(state, words);
  }

  /** With a close that tells what to do, and in place of the welcome, pusher-js hands on the code, wrapped. */
  #complained(said: unknown): void {
    const inner = isRecord(said) && said.type === "WebSocketError" && isRecord(said.error) ? said.error.data : null;
    if (!isRecord(inner) || typeof inner.code !== "number") return;
    this.#code = inner.code;
    this.#words = String(inner.message ?? "");
  }

  #heard(said: unknown): void {
    if (!this.live || !isRecord(said)) return;
    const data = isRecord(said.data) ? said.data : {};
    if (said.event === "pusher:error") {
      this.told.complaint(`${String(data.code ?? "")} ${String(data.message ?? "")}`.trim());
    }
    this.told.message(said);
  }
}

/** A browser knows when the network is back; no pause is longer than that. */
function network(): { back: Promise<void>; end: () => void } {
  let end = () => {};
  const back = new Promise<void>((resolve) => {
    const tell = () => resolve();
    globalThis.addEventListener?.("online", tell);
    end = () => globalThis.removeEventListener?.("online", tell);
  });
  return { back, end };
}
