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
    let round = 0; // of reading the list
    let whole = false; // whether it is read while all of them are followed: before, something may have passed by
    const heard = new Map<string, AgentStatusData>(); // since the list was asked for; it may be older than these

    const followed = () => [...channels.values()].every(({ subscribed, ended }) => subscribed || ended);
    const look = () => {
      if (!over && !whole && followed()) void read();
    };
    const follow = (id: string) => {
      const channel = client.subscribe(`private-agent-${id}`);
      channels.set(id, channel);
      channel.on("agent_status", ({ data }) => {
        heard.set(id, data);
        change((before) => ({ ...before, agents: before.agents?.map((each) => updated(each, data)) ?? null }));
      });
      channel.on("pusher:subscription_succeeded", look);
      void channel.ready.then(look, look); // where somebody else is on it already, no event comes
    };
    const read = async () => {
      const own = ++round;
      whole = followed();
      heard.clear();
      try {
        const agents = await listed(client);
        if (over || own !== round) return;
        for (const [id, channel] of channels) {
          if (agents.some(({ agent_id }) => agent_id === id)) continue;
          channels.delete(id);
          channel.unsubscribe();
        }
        const others = agents.filter(({ agent_id }) => !channels.has(agent_id));
        if (others.length > 0) whole = false;
        for (const { agent_id } of others) follow(agent_id);
        change(() => ({ agents: agents.map((each) => updated(each, heard.get(each.agent_id))), error: null }));
        look();
      } catch (fault) {
        if (over || own !== round) return;
        whole = false;
        change((before) => ({ ...before, error: wordsOf(fault) }));
      }
    };

    const unwatch = client.onState((state) => {
      whole = false;
      if (state === "connected") void read();
    });
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
