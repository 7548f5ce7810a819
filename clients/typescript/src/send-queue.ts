import { SendQueueFull, wordsOf } from "./errors.js";

/** A client event that waits. */
export interface Queued {
  channel: string;
  name: string;
  data: unknown;
}

/** What waits to be sent, across connections: in order for each channel, and no faster than the server takes it. */
export class SendQueue {
  /** When `flush` can send more; null while the throttle holds nothing back. */
  throttledUntil: number | null = null;
  #waiting: Queued[] = [];
  #sent: number[] = [];
  readonly #atOnce: number;
  readonly #stretchMs: number;

  /**
   * @param eventsPerS sent at most, counted anew on each connection
   * @param most that may wait
   * @throws {TypeError} `eventsPerS` is not a finite number above 0
   */
  constructor(
    eventsPerS: number,
    private readonly most: number,
  ) {
    // With any other, nothing would ever leave, or all at once.
    if (!Number.isFinite(eventsPerS) || eventsPerS <= 0) {
      throw new TypeError(`eventsPerS is ${eventsPerS}; it has to be a finite number above 0`);
    }
    // Small groups, half a second and more apart: what a network bunches together may be two of them, and a server that
    // counts any stretch of a second still takes both.
    this.#atOnce = Math.floor(eventsPerS / 2) + 1;
    this.#stretchMs = (this.#atOnce / eventsPerS) * 1000;
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** A connection begins: the server counts from here. */
  connected(): void {
    this.#sent = [];
    this.throttledUntil = null;
  }

  /**
   * @throws {TypeError} the data cannot be written as JSON
   * @throws {SendQueueFull} so many wait already; this one was not taken
   */
  put(item: Queued): void {
    const data = copied(item);
    if (this.#waiting.length >= this.most) {
      throw new SendQueueFull(`${this.most} events wait to be sent, '${item.name}' on ${item.channel} was not taken`);
    }
    this.#waiting.push({ ...item, data });
  }

  /**
   * Take out what may leave now, in order for each channel and none past a channel that is not there yet.
   * @param now milliseconds
   * @param subscribed whether the server confirmed this channel on the present connection
   */
  flush(now: number, subscribed: (channel: string) => boolean): Queued[] {
    this.throttledUntil = null;
    const leaving: Queued[] = [];
    const held: Queued[] = [];
    for (const item of this.#waiting) {
      if (this.throttledUntil !== null || !subscribed(item.channel)) held.push(item);
      else if (this.#take(now)) leaving.push(item);
      else {
        held.push(item);
        this.throttledUntil = (this.#sent[0] ?? now) + this.#stretchMs;
      }
    }
    this.#waiting = held;
    return leaving;
  }

  /** The channel is denied or left: its events will not be sent; they are returned to be told. */
  forget(channel: string): Queued[] {
    const gone = this.#waiting.filter((item) => item.channel === channel);
    this.#waiting = this.#waiting.filter((item) => item.channel !== channel);
    return gone;
  }

  #take(now: number): boolean {
    this.#sent = this.#sent.filter((at) => at + this.#stretchMs > now);
    if (this.#sent.length >= this.#atOnce) return false;
    this.#sent.push(now);
    return true;
  }
}

/** The data as it is now: what is changed later stays out of it, and what is no JSON is refused to the one who sends it. */
function copied({ channel, name, data }: Queued): unknown {
  try {
    // As a member, since `undefined` has no JSON of its own; such an event goes without data.
    return (JSON.parse(JSON.stringify({ data })) as { data?: unknown }).data;
  } catch (fault) {
    throw new TypeError(`event '${name}' on ${channel}: its data is no JSON: ${wordsOf(fault)}`, { cause: fault });
  }
}
