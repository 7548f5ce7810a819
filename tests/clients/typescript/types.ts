// What the compiler has to accept and to refuse; nothing of it is run.
import {
  connect,
  createClient,
  type Channel,
  type EventsOf,
  type Messages,
  type ProgressUpdateData,
  WebSocketManager,
} from "toolboxai-client";
import { useEvent, useGeneration, useTrigger, useWebSocket, type GenerationState } from "toolboxai-client/react";
import { FakeServer } from "toolboxai-client/testing";

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
function same<One, Other>(_: Same<One, Other>): void {}

const client = connect({
  url: "",
  token: async (refused) => refused ?? "token",
  maxAttempts: 3,
  pusher: { activityTimeout: 1000 },
});

const lesson = client.subscribe("private-content-generation-gen_1", { since: 0 });
lesson.on("progress_update", (message, event) => {
  same<typeof message.data, ProgressUpdateData>(true);
  same<typeof message.type, "progress_update">(true);
  same<typeof event.seq, number | null>(true);
  // @ts-expect-error there is no such field
  message.data.percent;
});
lesson.on("stage_complete", ({ data }) =>
  same<typeof data.next_stage, EventsOf<typeof lesson.name>["stage_complete"]["data"]["next_stage"]>(true),
);
lesson.on("client-wave", (data) => same<typeof data, unknown>(true));
lesson.on<{ x: number }>("client-move", ({ x }) => same<typeof x, number>(true));

// On public names only part of the data is sure to be there.
client.subscribe("agent-status").on("agent_status", ({ data }) => {
  same<typeof data.queue_length, number | undefined>(true);
});
client.subscribe("test-channel").on("echo", (data) => same<typeof data, Messages["echo"]["data"]>(true));

const id = "env_1" as string;
client
  .subscribe(`private-roblox-sync-${id}`)
  .on("asset_ready", ({ data }) => same<typeof data.asset_id, string | null>(true));
const any: Channel = client.subscribe(id as string);
any.on("whatever", (data) => same<typeof data, unknown>(true));

// @ts-expect-error the address is missing
createClient({});
// @ts-expect-error there is no such option
createClient({ url: "", attempts: 3 });

same<ReturnType<typeof useGeneration>, GenerationState>(true);
export function Component(): null {
  useEvent("private-agent-agent_1", "task_result", ({ data }) => same<typeof data.execution_time_ms, number>(true));
  useEvent<number>("news", "temperature", (degrees) => same<typeof degrees, number>(true));
  const trigger = useTrigger("private-room");
  // @ts-expect-error the name of a client event begins with "client-"
  trigger("move", 1);
  return null;
}

const server = new FakeServer();
createClient(server.options({ id: "jane", info: { name: "Jane" } }));
server.message("private-agent-agent_1", "agent_status", {
  agent_id: "agent_1",
  status: "idle",
  queue_length: 0,
  last_activity: null,
});
server.message("private-agent-agent_1", "agent_status", {
  agent_id: "agent_1",
  status: "idle",
  // @ts-expect-error it is a number
  queue_length: "0",
  last_activity: null,
});

// What the guide's own lines do with a message compiles as it is.
export function Progress(sessionId: string): string {
  const { messages, sendMessage } = useWebSocket(`ws://localhost:8009/ws/content/${sessionId}`, "token");
  const progressMessages = messages.filter((msg) => msg.type === "progress_update");
  const latestProgress = progressMessages[progressMessages.length - 1];
  sendMessage({ type: "ping" });
  return latestProgress ? `${latestProgress.data.stage.toUpperCase()} ${latestProgress.data.progress_percent + 1}` : "";
}
class Mine extends WebSocketManager {
  override handleMessage(message: { type: string; data: { progress_percent: number } }): void {
    super.handleMessage(message);
  }
  override onProgressUpdate(data: { progress_percent: number; message: string }): void {
    super.onProgressUpdate(data as ProgressUpdateData);
  }
}
new Mine("ws://localhost:8009/ws/content/gen_1", null).onProgressUpdate = (data) => data.progress_percent > 50;
