import { useCallback, useEffect, useRef, useState } from "react";
import type { ClientOptions } from "../options.js";
import type { OldMessage } from "../old-sockets.js";
import { WebSocketManager } from "../web-socket-manager.js";

/** The words of the guide's hook. */
export type OldConnectionStatus = "Disconnected" | "Connecting" | "Connected" | "Error";

const KEPT = 1000; // the guide's list grew for as long as the page was open

class Quiet extends WebSocketManager {
  protected override toConsole(): void {}
}

/**
 * The hook of the old sockets' guide, with what it returns, on Channels. It needs no provider.
 *
 * @deprecated For code that moves: `useGeneration`, `useRobloxSync` and `useEvent` have types, and share one connection.
 * @param options more for the client underneath; those of the first mounting count
 */
export function useWebSocket(
  url: string | null | undefined,
  authToken: string | null | undefined,
  options?: Partial<ClientOptions>,
): { messages: OldMessage[]; connectionStatus: OldConnectionStatus; sendMessage: (message: OldMessage) => void } {
  const [messages, setMessages] = useState<OldMessage[]>([]);
  const [connectionStatus, setStatus] = useState<OldConnectionStatus>("Disconnected");
  const manager = useRef<WebSocketManager | null>(null);
  const first = useRef(options);

  useEffect(() => {
    if (!url || !authToken) return;
    setStatus("Connecting");
    setMessages([]);
    let over = false;
    const tell = (status: OldConnectionStatus) => void (over || setStatus(status));
    const made = new Quiet(url, authToken, {
      ...first.current,
      onState: (state) =>
        tell(state === "connected" ? "Connected" : state === "closed" ? "Disconnected" : "Connecting"),
      onGiveUp: () => tell("Error"),
    });
    made.handleMessage = (message) => void (over || setMessages((before) => [...before, message].slice(-KEPT)));
    manager.current = made;
    return () => {
      over = true;
      manager.current = null;
      made.close();
      setStatus("Disconnected");
    };
  }, [url, authToken]);

  const sendMessage = useCallback((message: OldMessage) => manager.current?.send(message), []);
  return { messages, connectionStatus, sendMessage };
}
