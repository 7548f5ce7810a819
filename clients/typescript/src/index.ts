export { Channel, type Member } from "./channel.js";
export { Client } from "./client.js";
export type { ConnectionState } from "./connection.js";
export { connect, createClient } from "./connect.js";
export type { Debug } from "./debugging.js";
export type { TokenProvider } from "./endpoints.js";
export {
  ClientError,
  ConnectionClosed,
  ConnectionRefused,
  GaveUp,
  RequestRefused,
  RequestUnavailable,
  SendQueueFull,
  SubscriptionDenied,
} from "./errors.js";
export type * from "./messages.js";
export type { ChannelEvent } from "./track.js";
export type { OldMessage } from "./old-sockets.js";
export type { ClientOptions } from "./options.js";
export { WebSocketManager, type OldSocket } from "./web-socket-manager.js";
