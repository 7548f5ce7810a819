import type { Channel } from "./channel.js";
import type { Connection } from "./connection.js";
import type { Endpoints } from "./endpoints.js";
import { wordsOf } from "./errors.js";
import type { Patience } from "./patience.js";
import type { ChannelEvent, Effect } from "./track.js";

/** Carries out what a subscription's track decides: events go to its user, and what was missed is fetched. */
export class Missed {
  readonly #askings = new Map<string, Promise<ChannelEvent[]>>();

  constructor(
    private readonly connection: Connection,
    private readonly endpoints: Endpoints,
    private readonly patiently: Patience,
    private readonly complain: (words: string) => void,
  ) {}

  carryOut(channel: Channel<string>, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (channel.ended) return;
      if (effect.do === "deliver") channel.deliver(effect.event);
      else if (effect.do === "catch up") void this.#catchUp(channel, effect.after, effect.round);
      else this.complain(`${channel.name}: the events ${effect.after + 1} to ${effect.next - 1} could not be had`);
    }
  }

  async #catchUp(channel: Channel<string>, after: number, round: number): Promise<void> {
    const same = this.#sameConnection();
    const here = () => same() && !channel.ended;
    let missed: ChannelEvent[] = [];
    try {
      missed = await this.#asked(channel, after);
    } catch (fault) {
      if (here()) this.complain(`what ${channel.name} told after ${after} could not be had: ${wordsOf(fault)}`);
    }
    if (here()) this.carryOut(channel, channel.track.caughtUp(round, missed));
  }

  /** Of subscriptions that stand at the same place, all that are confirmed in one turn share one asking. */
  #asked({ name, eventsUrl }: Channel<string>, after: number): Promise<ChannelEvent[]> {
    const key = JSON.stringify([name, eventsUrl, after]);
    let asking = this.#askings.get(key);
    if (asking === undefined) {
      asking = this.patiently(() => this.endpoints.history(name, after, eventsUrl), this.#sameConnection());
      this.#askings.set(key, asking);
      queueMicrotask(() => this.#askings.delete(key));
    }
    return asking;
  }

  /** Whether the connection of now is there still. */
  #sameConnection(): () => boolean {
    const { count } = this.connection;
    return () => count === this.connection.count && this.connection.live;
  }
}
