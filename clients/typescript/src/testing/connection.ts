import type { Options } from "pusher-js";
import type { Authorizer, Stock, StockChannel, StockMembers } from "../stock.js";

/** What the fake of pusher-js needs of the fake server. */
export interface Door {
  readonly open: boolean;
  admit(connection: FakeConnection): string;
  join(connection: FakeConnection, channel: string, channelData: string | undefined): void;
  leave(connection: FakeConnection, channel: string): void;
  said(connection: FakeConnection, channel: string, event: string, data: unknown): void;
}

interface Someone {
  id: string;
  info: unknown;
}

/** A message as pusher-js has read it. */
export interface Message {
  event: string;
  channel?: string;
  data: unknown;
  user_id?: string;
}

type Listener = (said: unknown) => void;

class Members implements StockMembers {
  me: Someone | null = null;
  readonly all = new Map<string, Someone>();

  each(visit: (member: Someone) => void): void {
    for (const member of this.all.values()) visit(member);
  }
}

class FakeChannel implements StockChannel {
  readonly members = new Members();
  readonly listeners: ((event: string, data: unknown) => void)[] = [];

  constructor(private readonly triggering: (event: string, data: unknown) => boolean) {}

  bind_global(listener: (event: string, data: unknown) => void): void {
    this.listeners.push(listener);
  }

  trigger(event: string, data: unknown): boolean {
    return this.triggering(event, data);
  }

  disconnect(): void {}

  emit(event: string, data: unknown): void {
    for (const listener of [...this.listeners]) listener(event, data);
  }
}

/** pusher-js as far as the client uses it, with one end of every connection in this process. */
export class FakeConnection implements Stock {
  readonly connection: { socket_id: string; bind: (event: string, listener: Listener) => void };
  readonly #channels = new Map<string, FakeChannel>();
  readonly #listeners = new Map<string, Listener[]>();
  readonly #authorize: Authorizer;
  #state = "initialized";

  constructor(
    private readonly door: Door,
    options: Options,
  ) {
    this.#authorize = (options.channelAuthorization as unknown as { customHandler: Authorizer }).customHandler;
    this.connection = {
      socket_id: "",
      bind: (event, listener) => {
        this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      },
    };
    queueMicrotask(() => this.connect()); // who makes it has yet to listen
  }

  connect(): void {
    if (this.#state === "connecting" || this.#state === "connected") return;
    this.#changed("connecting");
    queueMicrotask(() => {
      if (this.#state !== "connecting") return;
      if (!this.door.open) return this.#changed("unavailable");
      this.connection.socket_id = this.door.admit(this);
      this.#changed("connected");
      for (const name of this.#channels.keys()) this.#ask(name);
    });
  }

  disconnect(): void {
    this.#away();
    this.#changed("disconnected");
  }

  subscribe(name: string): StockChannel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = new FakeChannel((event, data) => this.#trigger(name, event, data));
      this.#channels.set(name, channel);
      if (this.#state === "connected") this.#ask(name);
    }
    return channel;
  }

  unsubscribe(name: string): void {
    if (this.#channels.delete(name)) this.door.leave(this, name);
  }

  /** The far side is gone without a word. */
  break(): void {
    if (this.#state !== "connected") return;
    this.#away();
    this.#emit("connecting_in", 1);
  }

  /** A message from the server. */
  receive(message: Message): void {
    const channel = this.#channels.get(message.channel ?? "");
    if (this.#state !== "connected") return;
    if (channel !== undefined) {
      const { all } = channel.members;
      const someone = message.data as Someone;
      if (message.event === "pusher:member_added") all.set(someone.id, someone);
      if (message.event === "pusher:member_removed") all.delete(someone.id);
      channel.emit(message.event, message.data);
    }
    this.#emit("message", message);
  }

  /** The server has let it in. */
  joined(name: string, members: readonly Someone[], me: Someone | null): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    channel.members.all.clear();
    for (const member of members) channel.members.all.set(member.id, member);
    channel.members.me = me;
    channel.emit("pusher:subscription_succeeded", members.length > 0 ? channel.members : {});
  }

  #ask(name: string): void {
    if (!/^(private|presence)-/.test(name)) {
      queueMicrotask(() => this.#channels.has(name) && this.door.join(this, name, undefined));
      return;
    }
    const socketId = this.connection.socket_id;
    this.#authorize({ socketId, channelName: name }, (fault, signature) => {
      if (fault === null) this.door.join(this, name, signature?.channel_data);
      else this.#channels.get(name)?.emit("pusher:subscription_error", { error: fault.message });
    });
  }

  #trigger(name: string, event: string, data: unknown): boolean {
    queueMicrotask(() => this.door.said(this, name, event, data));
    return this.#state === "connected";
  }

  #away(): void {
    for (const name of this.#channels.keys()) this.door.leave(this, name);
    this.#state = "";
  }

  #changed(current: string): void {
    const previous = this.#state;
    this.#state = current;
    if (previous !== current) this.#emit("state_change", { previous, current });
  }

  #emit(event: string, said: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(said);
  }
}
