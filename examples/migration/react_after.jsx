// After: the private channel of the same lesson in an effect: npm install pusher-js
import Pusher from "pusher-js";
import { useEffect, useReducer } from "react";
import { Progress, progress } from "./progress.jsx";

export function Lesson({ sessionId, token }) {
  const [shown, handle] = useReducer(progress, { percent: 0 });
  useEffect(() => {
    const pusher = new Pusher("school", {
      cluster: "local",
      wsHost: "127.0.0.1",
      wsPort: 8009,
      forceTLS: false,
      enabledTransports: ["ws"],
      channelAuthorization: {
        endpoint: "http://127.0.0.1:8009/api/v1/pusher/auth",
        headersProvider: () => ({ Authorization: `Bearer ${token}` }),
      },
    });
    let last = 0;
    pusher.subscribe(`private-content-generation-${sessionId}`).bind_global((name, message) => {
      if (!(message?.seq > last)) return; // of the protocol, or seen before a reconnect
      last = message.seq;
      handle(message);
    });
    return () => pusher.disconnect();
  }, [sessionId, token]);
  return <Progress {...shown} />;
}
