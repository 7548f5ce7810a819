import type { Channel } from "./channel.js";
import type { Client } from "./client.js";
import { createClient } from "./connect.js";
import type { ConnectionState } from "./connection.js";
import { GaveUp, RequestRefused, wordsOf } from "./errors.js";
import type { ProgressUpdateData } from "./messages.js";
import { oldAddress, oldRequest, type OldAddress, type OldMessage } from "./old-sockets.js";
import type { ClientOptions } from "./options.js";
import { isRecord } from "./track.js";

const QUEUE = 100;
const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

/** What is left of a raw socket: whether it is open, a way to send, a way to close. */
export interface OldSocket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
}

/**
 * The class of the old sockets' guide, with the same methods and fields, on Channels: one import changes, the code that
 * uses it does not. Methods may be overridden, and handlers set, as before.
 *
 * Unlike the guide's, it does not come back after `close` nor after a token that does not hold, keeps what is sent while
 * there is no connection, spreads its pauses, and fetches what it has missed.
 *
 * @deprecated For code that moves: `connect` has types, and more than one channel on a connection.
 */
export class WebSocketManager {
  reconnectAttempts = 0;
  maxReconnectAttempts = 5;
  /** Of the next attempt, in milliseconds, in the middle of its spread; to be read. */
  reconnectDelay = 1000;
  ws: OldSocket;
  /** Told a message that was not taken, since so many wait already. */
  onOverflow: (message: OldMessage) => void = () => {};
  readonly #address: OldAddress;
  readonly #worlds = new Map<string, Channel>();
  #client: Client | null = null;
  #channel: Channel | null = null;
  #signedIn = false;
  #waiting: OldMessage[] = [];

  /**
   * @param url of an old socket, `ws://HOST/ws/content/ID` for one
   * @param authToken a token, or what makes one; null, which `localStorage` answers, is none
   * @param options more for the client underneath
   * @throws {TypeError} the address is that of no old socket
   */
  constructor(
    readonly url: string,
    public authToken: ClientOptions["token"] | null,
    private readonly options: Partial<ClientOptions> = {},
  ) {
    this.#address = oldAddress(url);
    this.ws = this.#socket();
    this.connect();
  }

  /** Connect; the constructor has done so already. */
  connect(): void {
    this.#client ??= this.#made();
    this.#client.open();
  }

  /** Sign in, on every connection; by itself. One's own may send another token than the constructor's: it is taken over. */
  authenticate(): void {
    this.send({ type: "auth", token: `Bearer ${typeof this.authToken === "string" ? this.authToken : ""}` });
  }

  /** Told of each loss while it will come back. */
  handleReconnect(): void {
    this.reconnectAttempts += 1;
    this.toConsole("log", `Reconnecting... attempt ${this.reconnectAttempts}`);
    this.reconnectDelay *= 2;
  }

  /** Send a message of the old sockets; what they had a message for is done by the server's API. */
  send(message: OldMessage): void {
    if (message.type === "auth") {
      this.#takeOver(message.token);
      void this.#signIn();
    } else if (this.#signedIn) {
      void this.#do(message);
    } else if (this.#waiting.length >= QUEUE) {
      this.toConsole("warn", `WebSocket not connected, ${QUEUE} messages wait already: this one was not taken`);
      this.onOverflow(message);
    } else {
      this.toConsole("warn", "WebSocket not connected, message queued");
      this.#waiting.push(message);
    }
  }

  /** Handle a message. */
  handleMessage(message: OldMessage): void {
    switch (message.type) {
      case "ping":
        this.send({ type: "pong", timestamp: new Date().toISOString() });
        break;
      case "auth_response":
        this.toConsole("log", "Authenticated successfully");
        break;
      case "progress_update":
        this.onProgressUpdate(message.data as ProgressUpdateData);
        break;
      default:
        this.toConsole("log", "Received message:", message);
    }
  }

  /** Handle progress. */
  onProgressUpdate(data: ProgressUpdateData): void {
    this.toConsole("log", `Progress: ${data.progress_percent}% - ${data.message}`);
  }

  /** Close, for good. */
  close(): void {
    this.#signedIn = false;
    this.#waiting = [];
    for (const channel of [this.#channel, ...this.#worlds.values()]) channel?.unsubscribe();
    this.#channel = null;
    this.#worlds.clear();
    this.#client?.close();
  }

  // ---- underneath ----

  /** Where the lines go that the guide's class writes to the console. */
  protected toConsole(level: "log" | "warn" | "error", ...words: unknown[]): void {
    console[level](...words);
  }

  #made(): Client {
    const attempts = () => this.maxReconnectAttempts;
    return createClient({
      onError: (words) => this.toConsole("error", "WebSocket error:", words),
      ...this.options,
      get maxAttempts() {
        return attempts();
      },
      url: this.#address.server,
      // Each time: the field may have been given another.
      token: (refused) => (typeof this.authToken === "function" ? this.authToken(refused) : (this.authToken ?? null)),
      onState: (state, words) => this.#changed(state, words),
      onGiveUp: (fault) => {
        if (fault instanceof GaveUp) this.toConsole("error", "Max reconnection attempts reached");
        else this.toConsole("error", "WebSocket error:", fault.message);
        this.options.onGiveUp?.(fault);
      },
    });
  }

  #socket(): OldSocket {
    const state = () => this.#client?.state ?? "connecting";
    return {
      get readyState() {
        return state() === "connected" ? OPEN : state() === "closed" ? CLOSED : CONNECTING;
      },
      send: (text) => this.send(JSON.parse(text) as OldMessage),
      close: () => this.close(),
    };
  }

  #changed(state: ConnectionState, words: string): void {
    this.options.onState?.(state, words);
    if (state === "connected") {
      this.toConsole("log", "WebSocket connected");
      this.reconnectAttempts = 0;
      this.reconnectDelay = 1000;
      this.authenticate();
    } else if (state === "waiting" || state === "closed") {
      this.#signedIn = false;
      const own = state === "closed" && this.#client?.fault === null;
      this.toConsole("log", "WebSocket closed:", own ? 1000 : Number.parseInt(words, 10) || 1006);
      if (state === "waiting") this.handleReconnect();
    }
  }

  /** The token of an `auth` message; a function goes on to be asked instead. */
  #takeOver(words: unknown): void {
    const token = typeof words === "string" ? words.replace(/^Bearer\s+/i, "").trim() : "";
    if (token === "" || token === this.authToken || typeof this.authToken === "function") return;
    this.authToken = token;
    this.#signedIn = false;
  }

  async #signIn(): Promise<void> {
    const client = this.#client;
    if (client === null || this.#signedIn) return;
    try {
      const me = (await client.request("GET", "/api/v1/auth/me")) as Record<string, unknown>;
      if (client.state !== "connected" || this.#signedIn) return;
      this.#signedIn = true;
      const { id: user_id, role, permissions } = me;
      this.#tell({ type: "auth_response", data: { authenticated: true, user_id, role, permissions } });
      const { channel } = this.#address;
      if (channel !== null) this.#channel ??= this.#follow(channel, 0, () => {});
      for (const message of this.#waiting.splice(0)) void this.#do(message);
    } catch (fault) {
      if (!(fault instanceof RequestRefused)) {
        // The server is busy; where it is away, the next connection signs in.
        setTimeout(() => client.state === "connected" && void this.#signIn(), this.reconnectDelay);
        return;
      }
      this.#tell({ type: "auth_error", data: { error: fault.code ?? "INVALID_TOKEN", message: fault.message } });
      this.close();
    }
  }

  #follow(name: string, since: number, refused: (words: string) => void): Channel {
    const channel: Channel = this.#client!.subscribe(name, { since });
    const { kind } = this.#address;
    // All that an agent has told comes in one turn; its old socket began with where it stands, and left out what was before.
    let past: OldMessage[] | null = kind === "agent" ? [] : null;
    channel.onAny(({ name: event, data }) => {
      if (event.startsWith("pusher:") || event.startsWith("client-") || !isRecord(data)) return;
      if (past !== null) {
        if (past.push(data as OldMessage) > 1) return;
        queueMicrotask(() => {
          const types = past?.map(({ type }) => type) ?? [];
          const told = past?.slice(Math.max(types.lastIndexOf("agent_status"), 0)) ?? [];
          past = null;
          if (!channel.ended) for (const message of told) this.handleMessage(message);
        });
      } else if (kind !== "native") this.handleMessage(data as OldMessage);
      // All echoes come by one channel; the old socket sent everybody their own, and nothing around them.
      else if (data.socket_id === this.#client?.socketId) this.handleMessage(data.data as OldMessage);
    });
    channel.onEnd((fault) => {
      if (fault === null) return;
      this.#fault("RESOURCE_NOT_FOUND", fault.message);
      refused(fault.message);
    });
    return channel;
  }

  async #do(message: OldMessage): Promise<void> {
    const { type } = message;
    // Signs of life, and what a reconnecting client asked for, are the library's own business now.
    if (["pong", "ack", "resume"].includes(type)) return;
    if (type === "ping") return this.#tell({ type: "pong" });
    if (this.#address.kind === "roblox" && type === "subscribe") return this.#subscribe(message);
    if (this.#address.kind === "roblox" && type === "unsubscribe") return this.#unsubscribe(message);
    const request = oldRequest(this.#address, message, this.#client?.socketId ?? null);
    if (request === null) return this.#fault("VALIDATION_ERROR", `there is no '${type}' on ${this.url}`, message);
    try {
      if (this.#address.kind === "native") await this.#channel?.ready; // an echo comes to those who are there
      const said = await this.#client?.request(request.method, request.path, request.body);
      if (request.answer !== undefined) this.#tell(request.answer(said));
    } catch (fault) {
      const code = fault instanceof RequestRefused ? fault.code : null;
      this.#fault(code ?? "PROVIDER_UNAVAILABLE", wordsOf(fault), message);
    }
  }

  #subscribe({ environment_id, last_seq }: OldMessage): void {
    const id = String(environment_id);
    const since = typeof last_seq === "number" ? last_seq : 0;
    // Old code says it on each connection, and may wait for the answer; what is followed already goes on.
    const channel =
      this.#worlds.get(id) ?? this.#follow(`private-roblox-sync-${id}`, since, () => this.#worlds.delete(id));
    this.#worlds.set(id, channel);
    void channel.ready.then(
      () => this.#tell({ type: "subscribed", data: { environment_id: id } }),
      () => {}, // #follow tells of a refusal, onGiveUp of giving up
    );
  }

  #unsubscribe({ environment_id }: OldMessage): void {
    const id = String(environment_id);
    this.#worlds.get(id)?.unsubscribe();
    if (this.#worlds.delete(id)) this.#tell({ type: "unsubscribed", data: { environment_id: id } });
  }

  #tell(message: OldMessage): void {
    this.handleMessage({ ...message, timestamp: new Date().toISOString() });
  }

  #fault(error_code: string, message: string, about: OldMessage = { type: "" }): void {
    const { message_id } = about;
    const details = { terminal: false, ...(message_id === undefined ? {} : { message_id }) };
    this.#tell({ type: "error", data: { error_code, message, details } });
  }
}
