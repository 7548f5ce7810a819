import type { AssetReadyData, Components, EnvironmentStatus, ScriptUpdateData } from "../messages.js";
import { useFollowed } from "./followed.js";

/** How a Roblox world comes along. */
export interface WorldState {
  /** Null until it is known. */
  status: EnvironmentStatus | null;
  progress: number;
  components: Components | null;
  /** The newest last, each text once; 200 at most. */
  scripts: readonly ScriptUpdateData[];
  /** By type and name, the newest last; 200 at most. */
  assets: readonly AssetReadyData[];
  /** Why nothing comes: it is not there, or not yours. */
  error: { code: string; message: string } | null;
}

const KEPT = 200;
const BEFORE: WorldState = { status: null, progress: 0, components: null, scripts: [], assets: [], error: null };

/** A world from its first event on; null follows none. */
export function useRobloxSync(environmentId: string | null): WorldState {
  const key = environmentId === null ? null : `world ${environmentId}`;
  return useFollowed(key, BEFORE, (client, change) => {
    const channel = client.subscribe(`private-roblox-sync-${environmentId ?? ""}`, { since: 0 });
    channel.on("environment_status", ({ data: { status, progress, components } }) =>
      change((before) => ({ ...before, status, progress, components })),
    );
    channel.on("script_update", ({ data }) =>
      change((before) => ({ ...before, scripts: replaced(before.scripts, data, (each) => each.checksum) })),
    );
    channel.on("asset_ready", ({ data }) =>
      change((before) => ({
        ...before,
        assets: replaced(before.assets, data, (each) => `${each.asset_type} ${each.asset_name ?? each.asset_id ?? ""}`),
      })),
    );
    channel.onEnd((fault) => {
      if (fault !== null) change((before) => ({ ...before, error: { code: fault.name, message: fault.message } }));
    });
    return () => channel.unsubscribe();
  });
}

function replaced<Item>(items: readonly Item[], item: Item, key: (item: Item) => string): Item[] {
  return [...items.filter((each) => key(each) !== key(item)), item].slice(-KEPT);
}
