"use client";

export { useAgents, type Agent, type AgentsState } from "./agents.js";
export { useGeneration, type GenerationState } from "./generation.js";
export { useChannel, useConnectionState, useEvent, usePresence, useTrigger, type PresenceState } from "./hooks.js";
export { RealtimeProvider, useClient } from "./provider.js";
export { useWebSocket, type OldConnectionStatus } from "./use-web-socket.js";
export { useRobloxSync, type WorldState } from "./world.js";
