import { createContext, createElement, useContext, useEffect, type ReactElement, type ReactNode } from "react";
import type { Client } from "../client.js";

const Realtime = createContext<Client | null>(null);
const providers = new WeakMap<Client, number>();

/**
 * Opens a client while it is mounted, and hands it to the hooks below. Make the client once, outside of any component, with
 * `createClient`: a server that renders never connects.
 */
export function RealtimeProvider({ client, children }: { client: Client; children?: ReactNode }): ReactElement {
  useEffect(() => {
    count(client, 1);
    client.open();
    return () => {
      count(client, -1);
      // A turn later: in development React unmounts and mounts again at once, and no connection is made and broken for that.
      setTimeout(() => providers.get(client) === 0 && client.close());
    };
  }, [client]);
  return createElement(Realtime.Provider, { value: client }, children);
}

function count(client: Client, change: number): void {
  providers.set(client, (providers.get(client) ?? 0) + change);
}

/** @throws {Error} there is no `RealtimeProvider` above */
export function useClient(): Client {
  const client = useContext(Realtime);
  if (client === null) throw new Error("there is no RealtimeProvider above this component; put one around it");
  return client;
}
