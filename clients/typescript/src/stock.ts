import type { Options } from "pusher-js";
import type { RealtimeConfig, Signature } from "./endpoints.js";

// The part of pusher-js that is used here, and that the fake for tests has as well.

type Listener = (said: unknown) => void;

/** One of pusher-js's channels. */
export interface StockChannel {
  readonly members?: StockMembers;
  bind_global(listener: (event: string, data: unknown) => void): unknown;
  trigger(event: string, data: unknown): boolean;
  /** Forget that a subscription is there, or under way. */
  disconnect(): void;
}

/** The members of a presence channel. */
export interface StockMembers {
  readonly me: { id: string; info: unknown } | null;
  each(visit: (member: { id: string; info: unknown }) => void): void;
}

/** One of pusher-js's connections, with its channels. */
export interface Stock {
  readonly connection: { readonly socket_id: string; bind(event: string, listener: Listener): unknown };
  subscribe(name: string): StockChannel;
  unsubscribe(name: string): void;
  connect(): void;
  disconnect(): void;
}

/** How one is made. */
export type MakeStock = new (key: string, options: Options) => Stock;

/** Asked by pusher-js for the signature of each private or presence channel, on each connection. */
export type Authorizer = (
  asked: { socketId: string; channelName: string },
  answer: (fault: Error | null, signature: Signature | null) => void,
) => void;

/**
 * The address for pusher-js.
 * @param base of the server; empty: this page's own
 */
export function stockOptions(config: RealtimeConfig, base: string): Options {
  const here = new URL(base === "" ? globalThis.location.href : base);
  const tls = (config.scheme ?? here.protocol.slice(0, -1)) === "https";
  // "ws" alone, encrypted or not: with "wss" pusher-js would try TLS on a port that speaks none.
  const options: Options = { cluster: config.cluster, forceTLS: tls, enabledTransports: ["ws"], enableStats: false };
  if (config.host === null && config.scheme !== null) return options; // hosted: the cluster tells it
  const port = config.port ?? (config.host === null ? Number(here.port) : 0);
  options.wsHost = config.host ?? here.hostname;
  options.wsPort = port || 80;
  options.wssPort = port || 443;
  if (config.host === null && base !== "" && here.pathname !== "/") options.wsPath = here.pathname;
  return options;
}
