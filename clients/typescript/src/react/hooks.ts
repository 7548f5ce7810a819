import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Channel, Member } from "../channel.js";
import type { Client } from "../client.js";
import type { ConnectionState } from "../connection.js";
import type { EventsOf } from "../messages.js";
import type { ChannelEvent } from "../track.js";
import { useFollowed } from "./followed.js";
import { useClient } from "./provider.js";

/** What the connection is doing; `closed` before there is one. */
export function useConnectionState(): ConnectionState {
  const client = useClient();
  const subscribe = useCallback((listener: () => void) => client.onState(listener), [client]);
  return useSyncExternalStore(
    subscribe,
    () => client.state,
    () => "closed",
  );
}

/**
 * A subscription for as long as the component is mounted; null before. To listen, `useEvent` is better: what it hears
 * begins with the subscription.
 */
export function useChannel<Name extends string>(name: Name | null, since?: number): Channel<Name> | null {
  const client = useClient();
  const [channel, setChannel] = useState<Channel<Name> | null>(null);
  useEffect(() => {
    if (name === null) return;
    const made = subscribed(client, name, since);
    setChannel(made);
    return () => {
      setChannel(null);
      made.unsubscribe();
    };
  }, [client, name, since]);
  return channel;
}

/** Hear an event of a channel; the handler may be another function at each rendering. */
export function useEvent<Name extends string, Event extends keyof EventsOf<Name> & string>(
  name: Name | null,
  event: Event,
  handler: (data: EventsOf<Name>[Event], event: ChannelEvent) => void,
  since?: number,
): void;
/** An event that the channel's name does not tell: a client's, or one of your own. */
export function useEvent<Data>(
  name: string | null,
  event: string,
  handler: (data: Data, event: ChannelEvent) => void,
  since?: number,
): void;
export function useEvent(
  name: string | null,
  event: string,
  handler: (data: never, event: ChannelEvent) => void,
  since?: number,
): void {
  const client = useClient();
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (name === null) return;
    const channel: Channel = subscribed(client, name, since);
    channel.on(event, (data: never, whole) => latest.current(data, whole));
    return () => channel.unsubscribe();
  }, [client, name, event, since]);
}

/**
 * Sends client events on a channel that is subscribed meanwhile; the function is the same at each rendering. It throws as
 * `Channel.trigger` does, and while the component is not mounted.
 */
export function useTrigger(name: string | null): (event: `client-${string}`, data: unknown) => void {
  const client = useClient();
  const channel = useRef<Channel | null>(null);
  useEffect(() => {
    if (name === null) return;
    const made: Channel = client.subscribe(name);
    channel.current = made;
    return () => {
      channel.current = null;
      made.unsubscribe();
    };
  }, [client, name]);
  return useCallback((event, data) => {
    if (channel.current === null)
      throw new TypeError(`'${event}': no channel is named, or the component is not mounted; send from an effect or handler`);
    channel.current.trigger(event, data);
  }, []);
}

/** Who is on a presence channel. */
export interface PresenceState {
  /** Whether the server has said who is there, on the present connection. */
  subscribed: boolean;
  me: Member | null;
  members: readonly Member[];
}

const NOBODY: PresenceState = { subscribed: false, me: null, members: [] };

/** Who is on a presence channel, oneself included. While the line is away it is who was there last. */
export function usePresence(name: `presence-${string}` | null): PresenceState {
  return useFollowed(name, NOBODY, (client, change) => {
    const channel: Channel = client.subscribe(name ?? "");
    const look = () => change(() => ({ subscribed: channel.subscribed, me: channel.me, members: channel.members }));
    for (const event of ["subscription_succeeded", "member_added", "member_removed"])
      channel.on(`pusher:${event}`, look);
    void channel.ready.then(look, () => {}); // where somebody else is on it already, no event comes
    const unwatch = client.onState(() => change((before) => ({ ...before, subscribed: channel.subscribed })));
    return () => {
      unwatch();
      channel.unsubscribe();
    };
  });
}

function subscribed<Name extends string>(client: Client, name: Name, since: number | undefined): Channel<Name> {
  return client.subscribe(name, since === undefined ? {} : { since });
}
