import type { Channel } from "../channel.js";
import type { Client } from "../client.js";
import { wordsOf } from "../errors.js";
import type { AgentState, AgentStatusData } from "../messages.js";
import { isRecord } from "../track.js";
import { useFollowed } from "./followed.js";

/** An agent, as the server lists it and as its events go on. */
export interface Agent {
  agent_id: string;
  name: string;
  task_types: readonly string[];
  built_in: boolean;
  status: AgentState;
  /** Tasks that wait. */
  queue_length: number;
  current_task: string | null;
  last_activity: string | null;
}

/** One's agents. */
export interface AgentsState {
  /** Null until the server has answered. */
  agents: readonly Agent[] | null;
  /** Why the list could not be had; the last one stays. */
  error: string | null;
}

const BEFORE: AgentsState = { agents: null, error: null };

/** One's agents, those shared with one and the built-in ones, live; read anew on each connection. */
export function useAgents(): AgentsState {
  return useFollowed("agents", BEFORE, (client, change) => {
    const channels = new Map<string, Channel<`private-agent-${string}`>>();
    let over = false;

    let reading = 0; // of several lists that are asked for, the last counts
    const heard = new Map<string, AgentStatusData>(); // since that list was asked for, which may be older

    const follow = (id: string) => {
      if (channels.has(id)) return;
      const channel = client.subscribe(`private-agent-${id}`);
      channels.set(id, channel);
      channel.on("agent_status", ({ data }) => {
        heard.set(id, data);
        change((before) => ({ ...before, agents: before.agents?.map((each) => updated(each, data)) ?? null }));
      });
      // What changed between the list and this moment nobody has told.
      channel.on("pusher:subscription_succeeded", again);
      void channel.ready.then(again, () => {}); // where somebody else is on it already, no event comes
      channel.onEnd((fault) => fault !== null && again());
    };
    const read = async () => {
      const own = (reading += 1);
      heard.clear();
      try {
        const agents = await listed(client);
        if (over || own !== reading) return;
        for (const [id, channel] of channels) {
          if (agents.some(({ agent_id }) => agent_id === id)) continue;
          channels.delete(id);
          channel.unsubscribe();
        }
        for (const { agent_id } of agents) follow(agent_id);
        change(() => ({ agents: agents.map((each) => updated(each, heard.get(each.agent_id))), error: null }));
      } catch (fault) {
        if (!over && own === reading) change((before) => ({ ...before, error: wordsOf(fault) }));
      }
    };
    // Once, when the last is confirmed.
    let wanted = false;
    const again = () => {
      if (wanted || [...channels.values()].some(({ subscribed, ended }) => !subscribed && !ended)) return;
      wanted = true;
      setTimeout(() => {
        wanted = false;
        if (!over) void read();
      });
    };

    const unwatch = client.onState((state) => state === "connected" && void read());
    if (client.state === "connected") void read();
    return () => {
      over = true;
      unwatch();
      for (const channel of channels.values()) channel.unsubscribe();
    };
  });
}

async function listed(client: Client): Promise<Agent[]> {
  const agents: Agent[] = [];
  let cursor = "";
  do {
    const page = await client.request("GET", `/api/v1/agents${cursor && `?cursor=${encodeURIComponent(cursor)}`}`);
    if (!isRecord(page) || !Array.isArray(page.items)) break;
    agents.push(...(page.items as Agent[]));
    cursor = String(page.next_cursor ?? "");
  } while (cursor !== "");
  return agents;
}

function updated(agent: Agent, data: AgentStatusData | undefined): Agent {
  if (agent.agent_id !== data?.agent_id) return agent;
  const { status, queue_length, last_activity, current_task } = data;
  return { ...agent, status, queue_length, last_activity, current_task: current_task ?? null };
}
