/** An event as it came. */
export interface ChannelEvent {
  channel: string;
  name: string;
  data: unknown;
  /** Its number within its session, environment, agent or plugin; null where it has none. */
  seq: number | null;
  /** Of a client event on a presence channel: whose it is. */
  userId: string | null;
}

/** What a track asks for. */
export type Effect =
  | { do: "deliver"; event: ChannelEvent }
  | { do: "catch up"; after: number; round: number }
  | { do: "gap"; after: number; next: number };

const IDS = ["session_id", "environment_id", "agent_id", "plugin_id"];

/** The event for the user; its number is that of the platform's envelope, when there is one. */
export function eventOf(channel: string, name: string, data: unknown, userId: string | null = null): ChannelEvent {
  // Others, clients among them, may publish a member of that name, which counts nothing.
  const seq = isRecord(data) && data.type === name && !name.startsWith("client-") ? data.seq : undefined;
  return { channel, name, data, seq: Number.isInteger(seq) ? (seq as number) : null, userId };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * One subscription across connections: every numbered event once, in order.
 *
 * A channel that belongs to one session, environment, agent or plugin has its numbers; on a name that many share each
 * has numbers of its own, with holes where somebody may not see all.
 */
export class Track {
  #state: "waiting" | "catching up" | "live" = "waiting";
  #held: ChannelEvent[] = [];
  #round = 0; // an answer of the history counts for the catching-up that asked for it, and for no later one
  readonly #newest = new Map<string, number>(); // of each that shares the name
  readonly #shared: boolean;

  /**
   * @param name of the channel
   * @param lastSeq of the newest event delivered; at first the one after which the user wants events, or null when
   *   events count from whatever comes first
   */
  constructor(
    readonly name: string,
    private lastSeq: number | null,
  ) {
    this.#shared = name === "agent-status" || name === "roblox-sync" || name.startsWith("private-user-");
  }

  /** The server confirmed the subscription: fetch what was missed, or go on live. */
  confirmed(): Effect[] {
    if (this.lastSeq === null) {
      this.#state = "live";
      return [];
    }
    return [this.#catchUp(this.lastSeq)];
  }

  /** An event came over the connection. */
  heard(event: ChannelEvent): Effect[] {
    if (this.#state === "catching up") {
      this.#held.push(event);
      return [];
    }
    const last = this.lastSeq;
    if (!this.#shared && event.seq !== null && last !== null && event.seq > last + 1) {
      this.#held.push(event);
      return [this.#catchUp(last)];
    }
    return this.#passOn(event);
  }

  /** The history answered; with nothing when it could not. Then what was held goes on. */
  caughtUp(round: number, missed: readonly ChannelEvent[]): Effect[] {
    if (this.#state !== "catching up" || round !== this.#round) return [];
    this.#state = "live";
    const held = this.#held;
    this.#held = [];
    const sorted = this.#shared ? missed : [...missed].sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0));
    return [...sorted, ...held].flatMap((event) => this.#passOn(event));
  }

  /** The connection ended. What is held stays held: the next catch-up sorts it in. */
  disconnected(): void {
    this.#state = "waiting";
  }

  #catchUp(after: number): Effect {
    this.#state = "catching up";
    this.#round += 1;
    return { do: "catch up", after, round: this.#round };
  }

  #passOn(event: ChannelEvent): Effect[] {
    const { seq } = event;
    if (seq === null) return [{ do: "deliver", event }];
    if (this.#shared) {
      const whose = whoseIs(event);
      if (seq <= (this.#newest.get(whose) ?? 0)) return [];
      this.#newest.set(whose, seq);
      return [{ do: "deliver", event }];
    }
    const last = this.lastSeq;
    if (last !== null && seq <= last) return [];
    this.lastSeq = seq;
    const gap: Effect[] = last !== null && seq > last + 1 ? [{ do: "gap", after: last, next: seq }] : [];
    return [...gap, { do: "deliver", event }];
  }
}

/** Id of what the event is of; it is in the envelope's data. */
function whoseIs(event: ChannelEvent): string {
  const inner = isRecord(event.data) && isRecord(event.data.data) ? event.data.data : {};
  return String(IDS.map((name) => inner[name]).find((id) => typeof id === "string") ?? "");
}
