// Before: a raw WebSocket; the page signs in and answers pings.
import { handle } from "./progress.mjs";

export function follow(sessionId, token) {
  const socket = new WebSocket(`ws://127.0.0.1:8009/ws/content/${sessionId}`);
  socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: `Bearer ${token}` }));
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "ping") socket.send(JSON.stringify({ type: "pong", timestamp: message.timestamp }));
    else if (handle(message)) socket.close();
  };
}
