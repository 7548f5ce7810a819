// Shows one's own agents with the hook, in a page without a browser, and says in lines of JSON what is shown.
import { Window } from "happy-dom";

const window = new Window({ url: "http://page.test/" });
for (const [name, value] of Object.entries({ window, document: window.document, navigator: window.navigator })) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
const { createElement: h, StrictMode, useEffect } = await import("react");
const { createRoot } = await import("react-dom/client");
const { createClient } = await import("toolboxai-client");
const { RealtimeProvider, useAgents, useConnectionState } = await import("toolboxai-client/react");

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const [url, token] = process.argv.slice(2);
const client = createClient({ url, token, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)) });

function Agents() {
  const { agents, error } = useAgents();
  const state = useConnectionState();
  useEffect(() => void say({ state }), [state]);
  useEffect(() => {
    const own = agents?.filter(({ built_in }) => !built_in) ?? [];
    const shown = own.map(({ name, status, queue_length, current_task }) => [name, [status, queue_length, current_task]]);
    say({ error, built_in: agents && agents.length - own.length, ...Object.fromEntries(shown) });
  }, [agents, error]);
}

const root = createRoot(window.document.body);
root.render(h(StrictMode, null, h(RealtimeProvider, { client }, h(Agents))));
