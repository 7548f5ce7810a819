import type { Options } from "pusher-js";
import type { ClientOptions } from "../options.js";
import type { EventsOf } from "../messages.js";
import type { MakeStock } from "../stock.js";
import { isRecord } from "../track.js";
import { FakeConnection, type Door } from "./connection.js";

/** Somebody who connects. */
export interface FakeUser {
  id: string;
  info?: unknown;
}

/** A client event that came. */
export interface Triggered {
  channel: string;
  event: string;
  data: unknown;
  userId: string | null;
}

type DataOf<Events, Type extends keyof Events> = Events[Type] extends { data: infer Data } ? Data : unknown;
type Answer = (body: unknown, path: string) => unknown;

const PRESENCE = /^presence-/;

/**
 * A server without a network: the real client runs on it, with its catching up, its queue and its presence. Nothing takes
 * time; `await server.settled()` waits until all that was begun has been told.
 */
export class FakeServer {
  /** What clients have sent to one another, in order. */
  readonly triggered: Triggered[] = [];
  readonly #history = new Map<string, Record<string, unknown>[]>();
  readonly #subscribers = new Map<string, Map<FakeConnection, FakeUser | null>>();
  readonly #users = new Map<string, FakeUser>();
  readonly #denied = new Set<string>();
  readonly #routes = new Map<string, Answer>();
  readonly #admitted = new Set<FakeConnection>();
  #connections = 0;
  #mended: Promise<void> | null = null;
  #mend: () => void = () => {};

  /** What a client of this server is made from, for somebody: `connect(server.options("jane"))`. */
  options(user: FakeUser | string = "user"): ClientOptions & { Pusher: MakeStock } {
    const someone = typeof user === "string" ? { id: user } : user;
    const token = `token-of-${someone.id}`;
    this.#users.set(token, someone);
    const door = this.#door;
    return {
      url: "http://server.test",
      token,
      fetch: ((path: string, asked: RequestInit) => this.#fetched(path, asked)) as typeof fetch,
      sleep: () => this.#mended ?? this.settled(),
      Pusher: class extends FakeConnection {
        constructor(_key: string, options: Options) {
          super(door, options);
        }
      },
    };
  }

  /** Publish an event as it is. */
  publish(channel: string, event: string, data: unknown): void {
    this.#tell(channel, event, data);
  }

  /** Publish one of the server's messages: numbered, and kept for those who come later or were away. */
  message<Name extends string, Type extends keyof EventsOf<Name> & string>(
    channel: Name,
    type: Type,
    data: DataOf<EventsOf<Name>, Type>,
  ): void {
    const kept = this.#history.get(channel) ?? [];
    this.#history.set(channel, kept);
    const message = { type, data: copied(data), timestamp: new Date().toISOString(), seq: kept.length + 1 };
    kept.push(message);
    this.#tell(channel, type, message);
  }

  /** Ids of those who are on a presence channel, each once. */
  members(channel: string): string[] {
    return this.#present(channel).map(({ id }) => id);
  }

  /** How many connections are on a channel. */
  subscribers(channel: string): number {
    return this.#subscribers.get(channel)?.size ?? 0;
  }

  /** Refuse this channel to whoever asks from now on. */
  deny(channel: string): void {
    this.#denied.add(channel);
  }

  /** Answer a request: `server.answer("GET /api/v1/agents", () => ({ items: [] }))`; a `Response` goes out as it is. */
  answer(request: string, answer: Answer): void {
    this.#routes.set(request, answer);
  }

  /** Break every connection, and let none in until `mend`. What is published meanwhile goes past those who were cut off. */
  cut(): void {
    this.#mended ??= new Promise((resolve) => (this.#mend = resolve));
    for (const connection of this.#admitted) connection.break();
    this.#admitted.clear();
  }

  /** Let connections in again. */
  mend(): void {
    this.#mended = null;
    this.#mend();
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setTimeout(resolve));
  }

  // ---- connections ----

  readonly #door: Door = ((server: FakeServer) => ({
    get open() {
      return server.#mended === null;
    },
    admit: (connection: FakeConnection) => {
      server.#admitted.add(connection);
      return `1.${(server.#connections += 1)}`;
    },
    join: (connection: FakeConnection, channel: string, channelData: string | undefined) =>
      server.#join(connection, channel, channelData),
    leave: (connection: FakeConnection, channel: string) => server.#leave(connection, channel),
    said: (connection: FakeConnection, channel: string, event: string, data: unknown) =>
      server.#said(connection, channel, event, data),
  }))(this);

  #join(connection: FakeConnection, channel: string, channelData: string | undefined): void {
    const said: unknown = channelData === undefined ? null : JSON.parse(channelData);
    const user = isRecord(said) ? { id: String(said.user_id), info: said.user_info } : null;
    const before = this.members(channel);
    const some = this.#subscribers.get(channel) ?? new Map<FakeConnection, FakeUser | null>();
    this.#subscribers.set(channel, some.set(connection, user));
    const me = user === null ? null : { id: user.id, info: user.info };
    connection.joined(channel, this.#present(channel), me);
    if (user !== null && !before.includes(user.id)) this.#tell(channel, "pusher:member_added", me, connection);
  }

  #leave(connection: FakeConnection, channel: string): void {
    const some = this.#subscribers.get(channel);
    const user = some?.get(connection);
    if (!some?.delete(connection) || !user || this.members(channel).includes(user.id)) return;
    this.#tell(channel, "pusher:member_removed", { id: user.id, info: user.info });
  }

  #said(connection: FakeConnection, channel: string, event: string, data: unknown): void {
    const some = this.#subscribers.get(channel);
    if (!some?.has(connection)) return;
    const userId = some.get(connection)?.id ?? null;
    this.triggered.push({ channel, event, data: copied(data), userId });
    this.#tell(channel, event, data, connection, userId);
  }

  #tell(channel: string, event: string, data: unknown, but?: FakeConnection, userId?: string | null): void {
    for (const connection of [...(this.#subscribers.get(channel)?.keys() ?? [])]) {
      if (connection === but) continue;
      connection.receive({ event, channel, data: copied(data), ...(userId ? { user_id: userId } : {}) });
    }
  }

  #present(channel: string): { id: string; info: unknown }[] {
    if (!PRESENCE.test(channel)) return [];
    const found = new Map<string, { id: string; info: unknown }>();
    for (const user of this.#subscribers.get(channel)?.values() ?? []) {
      if (user !== null) found.set(user.id, { id: user.id, info: user.info });
    }
    return [...found.values()];
  }

  // ---- requests ----

  async #fetched(address: string, asked: RequestInit): Promise<Response> {
    if (this.#mended !== null) throw new TypeError("the line is cut");
    const url = new URL(address);
    const token = (asked.headers as Record<string, string>).Authorization?.replace("Bearer ", "") ?? "";
    const body: unknown = typeof asked.body === "string" ? JSON.parse(asked.body) : null;
    const name = `${asked.method ?? "GET"} ${url.pathname}`;
    const route = this.#routes.get(name) ?? this.#own(name, url, this.#users.get(token) ?? null);
    if (route === null) return answered(404, { error_code: "RESOURCE_NOT_FOUND", message: `nothing answers ${name}` });
    const said = await route(body, url.pathname + url.search);
    return typeof Response !== "undefined" && said instanceof Response ? said : answered(200, said);
  }

  #own(name: string, url: URL, user: FakeUser | null): Answer | null {
    if (name === "GET /api/v1/realtime/config") {
      const address = { host: "server.test", port: 80, scheme: "http" };
      return () => ({ key: "fake", cluster: "local", ...address, auth_endpoint: "/api/v1/pusher/auth" });
    }
    if (name === "POST /api/v1/pusher/auth") return (body) => this.#signed(body, user);
    if (name === "GET /api/v1/realtime/history") {
      const after = Number(url.searchParams.get("after"));
      const kept = this.#history.get(url.searchParams.get("channel") ?? "") ?? [];
      return () => ({ items: kept.slice(after), next_cursor: null });
    }
    return null;
  }

  #signed(body: unknown, user: FakeUser | null): unknown {
    const names = isRecord(body) && Array.isArray(body.channel_names) ? body.channel_names.map(String) : [];
    const channels: Record<string, unknown> = {};
    for (const name of names) {
      if (user === null || this.#denied.has(name)) {
        channels[name] = { error_code: "INSUFFICIENT_PERMISSIONS", status: 403 };
      } else {
        const member = JSON.stringify({ user_id: user.id, user_info: user.info });
        channels[name] = { auth: "fake:signature", ...(PRESENCE.test(name) ? { channel_data: member } : {}) };
      }
    }
    return { channels };
  }
}

/** As it is after the wire. */
function copied(data: unknown): unknown {
  return data === undefined ? null : JSON.parse(JSON.stringify(data));
}

/** A response for those environments, too, that have no `Response`. */
function answered(status: number, body: unknown): Response {
  const text = JSON.stringify(body ?? null);
  const headers = { get: () => null };
  return { ok: status < 400, status, headers, text: () => Promise.resolve(text) } as unknown as Response;
}
