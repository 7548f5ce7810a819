// Before: a raw WebSocket in an effect.
import { useEffect, useReducer } from "react";
import { Progress, progress } from "./progress.jsx";

export function Lesson({ sessionId, token }) {
  const [shown, handle] = useReducer(progress, { percent: 0 });
  useEffect(() => {
    const socket = new WebSocket(`ws://127.0.0.1:8009/ws/content/${sessionId}`);
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token: `Bearer ${token}` }));
    socket.onmessage = (event) => handle(JSON.parse(event.data));
    return () => socket.close();
  }, [sessionId, token]);
  return <Progress {...shown} />;
}
