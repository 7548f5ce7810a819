import { isRecord } from "./track.js";

/** A message of the old sockets; as it was there, nothing is known of its fields but that it has a type. */
// Code that moves reads `message.data.stage` of what `JSON.parse` made; it has to compile as it is.
export type OldMessage = { type: string; [field: string]: any };

/** Where an old socket's address leads. */
export interface OldAddress {
  /** Of the server, for requests. */
  server: string;
  kind: "content" | "roblox" | "plugin" | "agent" | "native";
  /** Of the session, plugin or agent; empty for the two others. */
  id: string;
  /** Null where the client chooses by `subscribe`. */
  channel: string | null;
}

/** A request that does what a message asked for. */
export interface OldRequest {
  method: string;
  path: string;
  body?: unknown;
  /** What the socket answered, from what the request answers; null: nothing. */
  answer?: (said: unknown) => OldMessage;
}

const CHANNELS = {
  content: "private-content-generation-",
  plugin: "private-plugin-",
  agent: "private-agent-",
};

/** @throws {TypeError} it is the address of none of the old sockets */
export function oldAddress(url: string): OldAddress {
  const found =
    /^(?:ws|http)(s?:\/\/[^?#]*?)\/ws\/(?:(content|plugin|agent)\/([^/?#]+)|(roblox|native))\/?(?:[?#].*)?$/.exec(url);
  if (found === null) {
    throw new TypeError(
      `'${url}' is no old socket; those are /ws/content/ID, /ws/roblox, /ws/plugin/ID, /ws/agent/ID and /ws/native`,
    );
  }
  const [, rest = "", owned, id, common] = found;
  const server = `http${rest}`;
  if (owned !== undefined && id !== undefined) {
    const kind = owned as keyof typeof CHANNELS;
    return { server, kind, id: decodeURIComponent(id), channel: CHANNELS[kind] + decodeURIComponent(id) };
  }
  const kind = common as "roblox" | "native";
  return { server, kind, id: "", channel: kind === "native" ? "test-channel" : null };
}

/** The request that a message has become; null when there is none for it on this socket. */
export function oldRequest({ kind, id }: OldAddress, message: OldMessage, socketId: string | null): OldRequest | null {
  const { type, message_id, ...fields } = message;
  const part = encodeURIComponent(id);
  if (kind === "content" && type === "generation_cancel") {
    return { method: "DELETE", path: `/api/v1/content/sessions/${part}` };
  }
  if (kind === "agent" && type === "task_submit") {
    const answer = (said: unknown): OldMessage => ({ type: "task_accepted", data: isRecord(said) ? said : {} });
    return { method: "POST", path: `/api/v1/agents/${part}/tasks`, body: fields, answer };
  }
  if (kind === "plugin" && ["plugin_hello", "command_result", "plugin_event"].includes(type)) {
    const one = { type, data: message.data ?? {}, ...(message_id === undefined ? {} : { message_id }) };
    return { method: "POST", path: `/api/v1/plugins/${part}/messages`, body: { messages: [one] } };
  }
  if (kind === "native") {
    return { method: "POST", path: "/api/v1/realtime/echo", body: { socket_id: socketId, data: message } };
  }
  return null;
}
