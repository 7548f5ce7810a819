import type { ChannelEvent, Track } from "./track.js";
import type { EventsOf } from "./messages.js";
import type { ClientError } from "./errors.js";

/** Somebody on a presence channel. */
export interface Member {
  id: string;
  info: unknown;
}

/** What a subscription needs of its client. */
export interface Owner {
  trigger(channel: string, name: string, data: unknown): void;
  release(channel: Channel<string>): void;
  members(name: string): Member[];
  me(name: string): Member | null;
  fault(words: string): void;
}

type Listener = (data: never, event: ChannelEvent) => void;

const ANY = "*"; // no event can have this name

/**
 * One subscription. Several of one channel share what goes over the wire; each has listeners of its own, and its own place
 * in what it has heard.
 */
export class Channel<Name extends string = string> {
  /** Resolves when the server has confirmed; rejects when it refuses, and when the client gives up or is closed before. */
  readonly ready: Promise<void>;
  #confirm!: () => void;
  #refuse!: (fault: ClientError) => void;
  #ended = false;
  #subscribed = false;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #enders = new Set<(fault: ClientError | null) => void>();

  /** For the client: `client.subscribe(name)` makes them. */
  constructor(
    readonly name: Name,
    private readonly owner: Owner,
    /** @internal */
    readonly track: Track,
    /** @internal */
    readonly eventsUrl: string | undefined,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#confirm = resolve;
      this.#refuse = reject;
    });
    this.ready.catch(() => {}); // who does not wait for it is told by onEnd and onError
  }

  /** Whether the server has confirmed it on the present connection. */
  get subscribed(): boolean {
    return this.#subscribed;
  }

  /** Whether nothing comes any more: it was left, or refused. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Who is on a presence channel now; on others nobody. */
  get members(): Member[] {
    return this.#ended ? [] : this.owner.members(this.name);
  }

  /** Oneself on a presence channel; null before the server has confirmed it. */
  get me(): Member | null {
    return this.#ended ? null : this.owner.me(this.name);
  }

  /**
   * Listen to one event. Listeners that are set in the turn of the subscription miss nothing.
   * @returns ends the listening
   */
  on<Event extends keyof EventsOf<Name> & string>(
    event: Event,
    listener: (data: EventsOf<Name>[Event], event: ChannelEvent) => void,
  ): () => void;
  /** Another event: a client's, the protocol's (`pusher:member_added`), one of your own. */
  on<Data = unknown>(event: string, listener: (data: Data, event: ChannelEvent) => void): () => void;
  on(event: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    const own: Listener = (...words) => listener(...words); // the same function twice is two listeners
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** Listen to all of them. */
  onAny(listener: (event: ChannelEvent) => void): () => void {
    return this.on(ANY, (_data: unknown, event) => listener(event));
  }

  /** Told once when it ends: with the reason, or with null when it was left. */
  onEnd(listener: (fault: ClientError | null) => void): () => void {
    this.#enders.add(listener);
    return () => void this.#enders.delete(listener);
  }

  /**
   * Send a client event, with its data as it is now, to the other subscribers: in order, and as soon as connection and
   * throttle allow. One that left just before the connection broke may be lost: nobody confirms client events.
   * @throws {SendQueueFull} too many wait; this one was not taken
   * @throws {TypeError} the name does not begin with `client-`, the channel is of a kind that carries none,
   *   or the data cannot be written as JSON
   */
  trigger(event: string, data: unknown): void {
    if (this.#ended) throw new TypeError(`channel '${this.name}' was left; subscribe to it first`);
    this.owner.trigger(this.name, event, data);
  }

  /** End this subscription. The server is told when no other of the same channel is left. */
  unsubscribe(): void {
    if (!this.#ended) this.owner.release(this);
  }

  /** @internal */
  deliver(event: ChannelEvent): void {
    for (const name of [event.name, ANY]) {
      for (const listener of [...(this.#listeners.get(name) ?? [])]) {
        try {
          listener(event.data as never, event);
        } catch (fault) {
          // One listener's fault must not keep an event from the others, nor from those that come after.
          this.owner.fault(`a listener to ${event.name} on ${this.name} threw: ${String(fault)}`);
        }
      }
    }
  }

  /** @internal */
  confirmed(): void {
    this.#subscribed = true;
    this.#confirm();
  }

  /** @internal */
  disconnected(): void {
    this.#subscribed = false;
    this.track.disconnected();
  }

  /** @internal A wait for the confirmation ends; the subscription itself may go on. */
  gaveUp(fault: ClientError): void {
    this.#refuse(fault);
  }

  /** @internal */
  end(fault: ClientError | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscribed = false;
    if (fault !== null) this.#refuse(fault);
    for (const tell of this.#enders) tell(fault);
  }
}
