import type { Options } from "pusher-js";
import type { ClientError } from "./errors.js";
import type { ConnectionState } from "./connection.js";
import type { Debug } from "./debugging.js";
import type { TokenProvider } from "./endpoints.js";
import type { MakeStock } from "./stock.js";

/** What a client is made from; all but `url` may be left out. */
export interface ClientOptions {
  /** Of the server, `http://…` or `https://…`; empty in a page of the server's own. */
  url: string;
  /** A bearer token, or a function that is asked for one before each request. */
  token?: TokenProvider | undefined;
  /** Attempts in a row to come back before giving up; 5. */
  maxAttempts?: number;
  /** Client events that may wait to be sent; 100. */
  queue?: number;
  /** Client events sent at most, a finite number above 0; 8 a second, since servers refuse more than 10. */
  eventsPerS?: number;
  /** Told each change of the connection. */
  onState?: (state: ConnectionState, words: string) => void;
  /** Told what the server complains of, and what could not be had. */
  onError?: (words: string) => void;
  /** Told once when the client stops trying. */
  onGiveUp?: (fault: ClientError) => void;
  /** Writes what comes, what goes and what breaks, with secrets masked. */
  debug?: Debug;
  /** Passed on to pusher-js over what is chosen here. */
  pusher?: Partial<Options>;
  /** Instead of the global one. */
  fetch?: typeof fetch;
  /** Another build of pusher-js, in browsers `pusher-js/with-encryption` for encrypted channels; or a fake, for tests. */
  Pusher?: MakeStock;
  /** Spread of the pauses; for tests. */
  dice?: () => number;
  /** How pauses are waited for; for tests. */
  sleep?: (ms: number) => Promise<void>;
}
