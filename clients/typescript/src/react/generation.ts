import type { GenerationSummary, Stage } from "../messages.js";
import { useFollowed } from "./followed.js";

/** How a lesson comes along. */
export interface GenerationState {
  /** `waiting` until it is known; `denied`: it is not there, or not yours. */
  status: "waiting" | "running" | "complete" | "failed" | "denied";
  /** Of the whole. */
  percent: number;
  stage: Stage | null;
  message: string;
  /** While it waits for its turn: 1 is the next. */
  queuePosition: number | null;
  /** Those that are done, in their order. */
  stages: readonly Stage[];
  /** What a language model is writing just now. */
  words: string;
  contentId: string | null;
  downloadUrl: string | null;
  summary: GenerationSummary | null;
  /** Of the world that follows, where one was asked for. */
  environmentId: string | null;
  error: { code: string; message: string } | null;
}

const BEFORE: GenerationState = {
  status: "waiting",
  percent: 0,
  stage: null,
  message: "",
  queuePosition: null,
  stages: [],
  words: "",
  contentId: null,
  downloadUrl: null,
  summary: null,
  environmentId: null,
  error: null,
};

/** A lesson from its first event on, whenever the component comes; null follows none. */
export function useGeneration(sessionId: string | null): GenerationState {
  const key = sessionId === null ? null : `generation ${sessionId}`;
  return useFollowed(key, BEFORE, (client, change) => {
    const channel = client.subscribe(`private-content-generation-${sessionId ?? ""}`, { since: 0 });
    const add = (more: Partial<GenerationState>) => change((before) => ({ ...before, ...more }));
    channel.on("progress_update", ({ data }) =>
      add({
        status: "running",
        percent: data.progress_percent,
        stage: data.stage,
        message: data.message,
        queuePosition: data.queue_position ?? null,
      }),
    );
    channel.on("content_delta", ({ data }) =>
      // The server counts whole characters, also those that are two units here.
      change((before) => ({ ...before, words: [...before.words].slice(0, data.offset).join("") + data.text })),
    );
    channel.on("stage_complete", ({ data }) =>
      change((before) => ({
        ...before,
        status: "running",
        words: "",
        stages: [...before.stages, data.completed_stage],
      })),
    );
    channel.on("generation_complete", ({ data }) =>
      add({
        status: "complete",
        percent: 100,
        queuePosition: null,
        contentId: data.content_id,
        downloadUrl: data.download_url,
        summary: data.summary,
        environmentId: data.environment_id ?? null,
      }),
    );
    channel.on("error", ({ data }) => {
      if (data.details.terminal === false) return; // a message was refused, the work goes on
      add({ status: "failed", queuePosition: null, error: { code: data.error_code, message: data.message } });
    });
    channel.onEnd((fault) => {
      if (fault !== null) add({ status: "denied", error: { code: fault.name, message: fault.message } });
    });
    return () => channel.unsubscribe();
  });
}
