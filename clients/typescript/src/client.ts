import { Channel, type Member } from "./channel.js";
import { Connection, type ConnectionState } from "./connection.js";
import { debugLines } from "./debugging.js";
import { Endpoints } from "./endpoints.js";
import { RequestRefused, SubscriptionDenied, wordsOf, type ClientError } from "./errors.js";
import { Missed } from "./missed.js";
import type { ClientOptions } from "./options.js";
import { patience, type Patience } from "./patience.js";
import { SendQueue } from "./send-queue.js";
import type { Authorizer, MakeStock, Stock, StockChannel } from "./stock.js";
import { eventOf, isRecord, Track, type ChannelEvent } from "./track.js";

interface Entry {
  stock: StockChannel | null;
  confirmed: boolean;
  refusal: RequestRefused | null;
  subscriptions: Set<Channel<string>>;
}

const KINDS_WITH_CLIENT_EVENTS = /^(private|presence)-(?!encrypted-)/;

/** A client of one server. It is made still: `open` begins, `close` ends, and `open` goes on where `close` ended. */
export class Client {
  readonly #endpoints: Endpoints;
  readonly #connection: Connection;
  readonly #queue: SendQueue;
  readonly #debug: (line: () => string) => void;
  readonly #patiently: Patience;
  readonly #missed: Missed;
  readonly #entries = new Map<string, Entry>();
  readonly #bound = new WeakSet<StockChannel>();
  readonly #watchers = new Set<(state: ConnectionState) => void>();
  #waiters: { resolve: () => void; reject: (fault: ClientError) => void }[] = [];
  #throttle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: ClientOptions,
    makeStock: MakeStock,
  ) {
    // Called as a function of nobody's: browsers refuse to fetch for another object.
    const fetching: typeof fetch = (...words) => (options.fetch ?? globalThis.fetch)(...words);
    this.#endpoints = new Endpoints(options.url, options.token, fetching);
    this.#queue = new SendQueue(options.eventsPerS ?? 8, options.queue ?? 100);
    this.#debug = debugLines(options.debug ?? false);
    const sleep = options.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    const dice = options.dice ?? Math.random;
    this.#patiently = patience(dice, this.#maxAttempts, sleep);
    const ways = {
      makeStock,
      stock: options.pusher ?? {},
      authorize: this.#authorize,
      sleep,
      dice,
      maxAttempts: this.#maxAttempts,
    };
    this.#connection = new Connection(this.#endpoints, ways, {
      state: (state, words) => this.#changed(state, words),
      made: (stock) => this.#entries.forEach((entry, name) => this.#join(name, entry, stock)),
      established: () => this.#established(),
      lost: () => this.#lost(),
      message: (said) => this.#heard(said),
      complaint: (words) => this.#complain(words),
      stopped: (fault) => this.#stopped(fault),
    });
    this.#missed = new Missed(this.#connection, this.#endpoints, this.#patiently, (words) => this.#complain(words));
  }

  /** What the connection is doing. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Why it is closed, when that was not its owner's wish. */
  get fault(): ClientError | null {
    return this.#connection.fault;
  }

  /** To be left out of one's own publications; null while there is no connection. */
  get socketId(): string | null {
    return this.#connection.socketId;
  }

  /** Be told each change of `state`; returns what ends that. */
  onState(watcher: (state: ConnectionState) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Resolves when there is a connection; rejects when the client gives up, or is closed. */
  connected(): Promise<void> {
    if (this.#connection.live) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Connect, and stay connected; after `close` or giving up, begin anew with what is still subscribed. */
  open(): void {
    this.#connection.open();
  }

  /** Let go of the connection; nothing comes back before `open`. Subscriptions wait for that. */
  close(): void {
    this.#connection.close();
  }

  /**
   * Subscribe, now and on every later connection.
   * @param how `since`: also what was published after this number, as far as history goes; 0 is everything.
   *   `eventsUrl`: where those are, when it is not the common history
   */
  subscribe<Name extends string>(name: Name, how: { since?: number; eventsUrl?: string } = {}): Channel<Name> {
    const channel = new Channel(name, this.#owner, new Track(name, how.since ?? null), how.eventsUrl);
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { stock: null, confirmed: false, refusal: null, subscriptions: new Set() };
      this.#entries.set(name, entry);
      this.#joinNow(name, entry);
    }
    entry.subscriptions.add(channel);
    // Not before the caller has set listeners.
    const joined = entry;
    queueMicrotask(() => joined.confirmed && !channel.subscribed && !channel.ended && this.#confirm(channel));
    return channel;
  }

  /**
   * A request to the server with the client's token; answers its JSON, or null without a body.
   * @throws {RequestRefused} the answer is no
   * @throws {RequestUnavailable} there was none
   */
  request(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#endpoints.ask(method, path, body);
  }

  readonly #maxAttempts = () => this.options.maxAttempts ?? 5;

  // ---- what the connection tells ----

  #changed(state: ConnectionState, words: string): void {
    this.#debug(() => `${state}${words && ` ${words}`}`);
    apart(() => this.options.onState?.(state, words));
    for (const watcher of [...this.#watchers]) apart(() => watcher(state));
  }

  #established(): void {
    this.#queue.connected();
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  #lost(): void {
    clearTimeout(this.#throttle);
    for (const entry of this.#entries.values()) entry.confirmed = false;
    for (const channel of this.#subscriptions()) channel.disconnected();
  }

  #stopped(fault: ClientError): void {
    for (const { reject } of this.#waiters.splice(0)) reject(fault);
    for (const channel of this.#subscriptions()) channel.gaveUp(fault);
    if (this.#connection.fault !== null) apart(() => this.options.onGiveUp?.(fault));
  }

  #complain(words: string): void {
    this.#debug(() => `error: ${words}`);
    apart(() => this.options.onError?.(words));
  }

  // ---- channels ----

  readonly #owner = {
    trigger: (channel: string, name: string, data: unknown) => this.#trigger(channel, name, data),
    release: (channel: Channel<string>) => this.#release(channel),
    members: (name: string) => {
      const found: Member[] = [];
      this.#entries.get(name)?.stock?.members?.each(({ id, info }) => found.push({ id, info }));
      return found;
    },
    me: (name: string): Member | null => this.#entries.get(name)?.stock?.members?.me ?? null,
    fault: (words: string) => this.#complain(words),
  };

  #subscriptions(): Channel<string>[] {
    return [...this.#entries.values()].flatMap(({ subscriptions }) => [...subscriptions]);
  }

  #joinNow(name: string, entry: Entry): void {
    const { stock } = this.#connection;
    if (stock !== null) this.#join(name, entry, stock);
  }

  #join(name: string, entry: Entry, stock: Stock): void {
    const channel = stock.subscribe(name);
    entry.stock = channel;
    if (this.#bound.has(channel)) return; // one that pusher-js had kept
    this.#bound.add(channel);
    channel.bind_global((event, data) => {
      if (stock === this.#connection.stock && this.#connection.live) this.#said(name, event, data);
    });
  }

  #said(name: string, event: string, data: unknown): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      // Left while the server was still at it.
      if (event === "pusher:subscription_succeeded") this.#connection.stock?.unsubscribe(name);
      return;
    }
    if (event === "pusher:subscription_succeeded") {
      entry.confirmed = true;
      for (const channel of [...entry.subscriptions]) this.#confirm(channel);
      this.#flush();
    } else if (event === "pusher:subscription_error") this.#deny(name, entry, data);
    else if (event === "pusher:subscription_expired") this.#renew(name, entry);
    // A client's come by `#heard`, where pusher-js tells whose they are.
    else if (!event.startsWith("client-")) this.#hear(entry, eventOf(name, event, data));
    if (event === "pusher:subscription_succeeded") this.#hear(entry, eventOf(name, event, data));
  }

  #heard(said: Record<string, unknown>): void {
    if (typeof said.event !== "string") return;
    this.#debug(() => `message ${JSON.stringify(said)}`);
    const entry = this.#entries.get(String(said.channel));
    if (entry === undefined || !said.event.startsWith("client-")) return;
    const userId = typeof said.user_id === "string" ? said.user_id : null;
    this.#hear(entry, eventOf(String(said.channel), said.event, said.data, userId));
  }

  #hear(entry: Entry, event: ChannelEvent): void {
    for (const channel of [...entry.subscriptions]) this.#missed.carryOut(channel, channel.track.heard(event));
  }

  #confirm(channel: Channel<string>): void {
    channel.confirmed();
    this.#missed.carryOut(channel, channel.track.confirmed());
  }

  #deny(name: string, entry: Entry, data: unknown): void {
    const said = isRecord(data) ? data : {};
    const status = entry.refusal?.status ?? (typeof said.status === "number" ? said.status : null);
    const words = entry.refusal?.message ?? String(said.error ?? "the server refused without a reason");
    const fault = new SubscriptionDenied(name, words, status);
    entry.stock?.disconnect(); // for pusher-js it would be under way for ever, and another subscription part of it
    this.#leave(name);
    this.#complain(fault.message);
    for (const channel of entry.subscriptions) channel.end(fault);
  }

  /** The authorisation has come to its end, the subscription has not. */
  #renew(name: string, entry: Entry): void {
    entry.confirmed = false;
    for (const channel of entry.subscriptions) channel.disconnected();
    this.#connection.stock?.unsubscribe(name);
    this.#joinNow(name, entry);
  }

  #release(channel: Channel<string>): void {
    channel.end(null);
    const { name } = channel;
    const entry = this.#entries.get(name);
    entry?.subscriptions.delete(channel);
    // A turn later: whoever subscribes again at once, as components do that are mounted anew, finds it still there.
    setTimeout(() => {
      if (entry?.subscriptions.size === 0 && this.#entries.get(name) === entry) this.#leave(name);
    });
  }

  #leave(name: string): void {
    this.#entries.delete(name);
    this.#connection.stock?.unsubscribe(name);
    for (const item of this.#queue.forget(name)) this.#complain(`${item.name} on ${name} was not sent`);
  }

  // Every question of this connection is answered, also when nobody wants the channel any more: pusher-js would take it for
  // under way for ever, and another subscription for part of it. For another connection a signature is worth nothing.
  readonly #authorize: Authorizer = ({ socketId, channelName }, answer) => {
    const here = () => socketId === this.socketId;
    const wanted = () => here() && this.#entries.has(channelName);
    if (!wanted()) return answer(new Error("it was left"), null);
    const path = this.#connection.config?.auth_endpoint ?? "";
    this.#patiently(() => this.#endpoints.sign(path, socketId, channelName), wanted).then(
      (signature) => here() && answer(null, signature),
      (fault: unknown) => {
        if (!here()) return;
        const entry = this.#entries.get(channelName);
        const refusal = fault instanceof RequestRefused ? fault : new RequestRefused(wordsOf(fault), 503);
        if (entry !== undefined) entry.refusal = refusal;
        answer(refusal, null);
      },
    );
  };

  // ---- client events ----

  #trigger(channel: string, name: string, data: unknown): void {
    if (!name.startsWith("client-")) {
      throw new TypeError(`event '${name}': the name of a client event begins with 'client-'`);
    }
    if (!KINDS_WITH_CLIENT_EVENTS.test(channel)) {
      throw new TypeError(`channel '${channel}': client events go over private and presence channels only`);
    }
    this.#queue.put({ channel, name, data });
    this.#flush();
  }

  #flush(): void {
    if (!this.#connection.live) return;
    const now = performance.now();
    const leaving = this.#queue.flush(now, (channel) => this.#entries.get(channel)?.confirmed === true);
    for (const { channel, name, data } of leaving) {
      this.#debug(() => `send ${name} on ${channel} ${JSON.stringify(data)}`);
      this.#entries.get(channel)?.stock?.trigger(name, data);
    }
    clearTimeout(this.#throttle);
    const until = this.#queue.throttledUntil;
    if (until !== null) this.#throttle = setTimeout(() => this.#flush(), Math.max(until - now, 1));
  }
}

/** The user's code: a fault of its own is seen as any other of the program's, and does not keep the client from coming back. */
function apart(work: () => void): void {
  try {
    work();
  } catch (fault) {
    setTimeout(() => {
      throw fault;
    });
  }
}
