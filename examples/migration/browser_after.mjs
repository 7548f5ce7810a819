// After: the private channel of the same lesson, with pusher-js, which comes back after a cut: npm install pusher-js
import Pusher from "pusher-js";
import { handle } from "./progress.mjs";

export function follow(sessionId, token) {
  const pusher = new Pusher("school", {
    // the app's key, which is no secret: PUSHER_KEY of the server
    cluster: "local", // pusher-js demands one; a server of your own ignores it
    wsHost: "127.0.0.1",
    wsPort: 8009,
    forceTLS: false,
    enabledTransports: ["ws"],
    channelAuthorization: {
      endpoint: "http://127.0.0.1:8009/api/v1/pusher/auth",
      headersProvider: () => ({ Authorization: `Bearer ${token}` }), // asked at each subscribe: hand out a fresh one
    },
  });
  const channel = pusher.subscribe(`private-content-generation-${sessionId}`);
  let last = 0;
  channel.bind_global((name, message) => {
    if (!(message?.seq > last)) return; // of the protocol, or seen before a reconnect
    last = message.seq;
    if (handle(message)) pusher.disconnect();
  });
}
