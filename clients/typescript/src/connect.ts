import Pusher from "pusher-js";
import { Client } from "./client.js";
import type { ClientOptions } from "./options.js";

/** A client that does nothing yet; where nobody may connect, as on a server that renders pages, it stays so. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, options.Pusher ?? Pusher);
}

/** A client that connects at once, and stays connected until it is closed. */
export function connect(options: ClientOptions): Client {
  const client = createClient(options);
  client.open();
  return client;
}
