import { useCallback, useSyncExternalStore } from "react";
import type { Client } from "../client.js";
import { useClient } from "./provider.js";

/** Begins to follow something; is told how to change the state, and answers what ends it. */
export type Start<State> = (client: Client, change: (next: (before: State) => State) => void) => () => void;

interface Followed<State> {
  state: State;
  readonly listeners: Set<() => void>;
  end: () => void;
}

// Of each client what is followed now, by a key: components that want the same share one. Nothing is made while React
// renders: what is rendered and never mounted, as on a server, must leave nothing behind.
const all = new WeakMap<Client, Map<string, Followed<never>>>();

/**
 * A state that components share, followed for as long as one of them is mounted.
 * @param key what is followed; null: nothing, and the state stays as it is at first
 * @param initial the same object each time
 * @param start a function of the key alone
 */
export function useFollowed<State>(key: string | null, initial: State, start: Start<State>): State {
  const client = useClient();
  const subscribe = useCallback(
    (listener: () => void) => (key === null ? () => {} : joined(client, key, initial, start, listener)),
    [client, key], // `start` is another function at each rendering, and depends on the key alone
  );
  const get = () => (key === null ? initial : (found<State>(client).get(key)?.state ?? initial));
  return useSyncExternalStore(subscribe, get, () => initial);
}

function found<State>(client: Client): Map<string, Followed<State>> {
  const some = all.get(client) ?? new Map<string, Followed<never>>();
  all.set(client, some);
  return some as unknown as Map<string, Followed<State>>;
}

function joined<State>(
  client: Client,
  key: string,
  initial: State,
  start: Start<State>,
  listener: () => void,
): () => void {
  const some = found<State>(client);
  const own = () => listener();
  let followed = some.get(key);
  if (followed === undefined) {
    const begun: Followed<State> = { state: initial, listeners: new Set(), end: () => {} };
    followed = begun;
    some.set(key, begun);
    begun.end = start(client, (next) => {
      const state = next(begun.state);
      if (state === begun.state) return;
      begun.state = state;
      for (const tell of [...begun.listeners]) tell();
    });
  }
  const { listeners } = followed;
  listeners.add(own);
  return () => {
    listeners.delete(own);
    // A turn later: who is mounted again at once finds all as it was.
    setTimeout(() => {
      if (listeners.size > 0 || some.get(key) !== followed) return;
      some.delete(key);
      followed.end();
    });
  };
}
