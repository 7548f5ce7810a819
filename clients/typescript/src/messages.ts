// Made from the server's registry of messages by scripts/write_typescript_messages.py: change it there.

/** What an event carries on a channel: the same envelope that the history and the old sockets have. */
export interface Envelope<Type extends string, Data> {
  type: Type;
  data: Data;
  /** When it happened: RFC 3339, UTC. */
  timestamp: string;
  /** Its number within its session, environment, agent or plugin; absent where nothing is kept. */
  seq?: number;
}

/** What an agent does. */
export type AgentState = "active" | "error" | "idle" | "offline";

/** What an agent does, and what waits for it. */
export interface AgentStatusData {
  agent_id: string;
  status: AgentState;
  /** tasks that wait */
  queue_length: number;
  /** null before the first */
  last_activity: string | null;
  /** the kind of the task that runs; null when idle, absent on public channels where it is none of ours */
  current_task?: string | null;
}

/** What `content_analysis` found. */
export interface AnalysisResults {
  /** key terms and named things */
  concepts_identified: number;
  /** measured against the grade */
  difficulty_level: Difficulty;
  sentences?: number;
  /** of the prose */
  words?: number;
  definitions?: number;
  /** in US school years */
  reading_grade?: number;
  warnings?: number;
}

/** A file that can be fetched. */
export interface AssetReadyData {
  environment_id: string;
  asset_type: AssetType;
  /** `rbxassetid://…`; null until Roblox has it */
  asset_id: string | null;
  /** absent on public channels */
  asset_name?: string;
  /** absent on public channels where it leads elsewhere */
  download_url?: string;
  status?: AssetStatus;
  /** of its bytes, lower-case hex digits */
  checksum?: string;
  /** `sha256` */
  checksum_algorithm?: string;
}

/** Where an asset is to be had: from us alone, or from Roblox too. */
export type AssetStatus = "local" | "uploaded";

/** What an asset is. */
export type AssetType = "mesh" | "model" | "script" | "sound" | "texture";

/** How a command ended. */
export interface CommandResultData {
  command_id: string;
  status: CommandStatus;
  /** of the command's action */
  result?: unknown;
  /** why it was not done */
  error?: string | null;
}

/** How a command ended in the plugin. */
export type CommandStatus = "error" | "ok";

/** Where one part of an environment is. */
export type ComponentState = "complete" | "failed" | "in_progress" | "pending" | "skipped";

/** The parts, each with its own state. */
export interface Components {
  terrain: ComponentState;
  buildings: ComponentState;
  scripts: ComponentState;
}

/** Words while they are being written. */
export interface ContentDeltaData {
  session_id: string;
  /** the one that writes */
  stage: Stage;
  /** the next piece */
  text: string;
  /** characters that stood before it; 0 when the writing begins anew */
  offset: number;
}

/** How hard a text is for its readers, or a question for who has read the text. */
export type Difficulty = "easy" | "expert" | "hard" | "medium";

/** What was asked for. */
export interface EchoData {
  socket_id: string | null;
  data: unknown;
}

/** Where an environment is; the last three are ends. */
export type EnvironmentStatus = "cancelled" | "failed" | "generating" | "queued" | "ready";

/** Where it stands. */
export interface EnvironmentStatusData {
  environment_id: string;
  status: EnvironmentStatus;
  /** in percent; 100 with all parts complete */
  progress: number;
  components: Components;
}

/** What went wrong, what is allowed, what to do next. */
export interface ErrorData {
  /** on the socket or channel of a session */
  session_id?: string;
  error_code: string;
  message: string;
  details: ErrorDetails;
}

/** Facts, each where it belongs to the error. */
export interface ErrorDetails {
  /** whether a generation has ended; false: a refused message */
  terminal?: boolean;
  /** in which a generation failed */
  stage?: Stage;
  /** whether the session may be tried again */
  retry_possible?: boolean;
  /** the path that was called */
  endpoint?: string;
  /** of the endpoint */
  required_permissions?: string[];
  /** of the refused message */
  message_id?: string;
  /** as the client named it */
  environment_id?: string;
  /** what is wrong, by field */
  fields?: Record<string, string>;
  /** so many are allowed in a minute */
  limit?: number;
  current_connections?: number;
  max_connections?: number;
  /** in seconds */
  retry_after?: number | null;
}

/** Something that happened in it. */
export interface GameEventItem {
  /** of the world's own */
  id: string;
  type: GameEventKind;
  /** its number within the game server; what is told twice has it twice */
  seq: number;
  at: string;
  /** a player has no account here */
  player?: string;
  /** of a checkpoint, or of what happened */
  name?: string;
  value?: number | boolean;
}

/** What a world that runs can tell of itself. */
export type GameEventKind = "checkpoint_reached" | "custom" | "player_joined" | "player_left" | "server_ended" | "server_started";

/** Of which game server, and what. */
export interface GameEventsData {
  environment_id: string;
  game_server_id: string;
  /** in the order in which they came */
  events: GameEventItem[];
}

/** All is there. */
export interface GenerationCompleteData {
  session_id: string;
  content_id: string;
  /** needs a bearer token or a signed link */
  download_url: string;
  summary: GenerationSummary;
  /** of the world that follows, where one was asked for */
  environment_id?: string;
  /** where that world is; it is begun at this moment */
  environment_url?: string;
}

/** What stands in the files. */
export interface GenerationSummary {
  lesson_sections: number;
  quiz_questions: number;
  /** of the lesson, in minutes */
  duration_minutes: number;
}

/** What `lesson_generation` made. */
export interface LessonResults {
  sections: number;
  /** the sum of the sections', in minutes */
  duration_minutes: number;
  /** entries */
  vocabulary: number;
  warnings: number;
}

/** How urgent a notification is. */
export type Level = "critical" | "info" | "warning";

/** What a notification is about. */
export type NoticeKind = "brownout" | "maintenance" | "notice" | "shutdown";

/** What `packaging` made. */
export interface PackagingResults {
  files: number;
  /** of all files together */
  bytes: number;
  warnings: number;
}

/** Where that is. */
export type Phase = "begun" | "over" | "planned";

/** What the plugin is to do. */
export interface PluginCommandData {
  /** the same command is applied once */
  command_id: string;
  action: string;
  payload: Record<string, unknown>;
  /** not to be applied any more from then on */
  expires_at: string | null;
  /** where the command is fetched, with a token; there when its payload is too long for an event */
  payload_url?: string;
}

/** Who is there. */
export interface PluginHelloData {
  /** of the plugin */
  version: string;
  studio_version: string;
  /** null for a place that was never saved */
  place_id: number | string | null;
  capabilities: string[];
}

/** Work goes on. */
export interface ProgressUpdateData {
  session_id: string;
  /** the one that runs */
  stage: Stage;
  /** of the whole, in percent; never falls */
  progress_percent: number;
  /** what is being done */
  message: string;
  /** null while there is nothing to go by */
  estimated_completion: string | null;
  /** while the session waits for its turn: 1 is the next */
  queue_position?: number;
}

/** What a pupil has answered, and what it is worth. */
export interface QuizAnswerData {
  content_id: string;
  /** null: the content was shared otherwise */
  class_id: string | null;
  question_id: string;
  /** a player of a world has no account here */
  user_id: string;
  /** the pseudonym in the class, or the name where its teacher has turned names on; of a player, what the world shows them as */
  name: string;
  /** whether all of it is right */
  correct: boolean;
  score: number;
  answered_at: string;
}

/** What `quiz_generation` made. */
export interface QuizResults {
  questions: number;
  /** how many were asked for; fewer come when the text carries no more */
  requested: number;
  /** questions of each type */
  by_type: Record<string, number>;
  warnings: number;
}

/** Where a script runs. */
export type ScriptType = "client" | "module" | "server";

/** A script: its text or, when that is too long for an event or not for all who listen, a link; on public channels neither. */
export interface ScriptUpdateData {
  environment_id: string;
  script_type: ScriptType;
  /** of the UTF-8 bytes, lower-case hex digits */
  checksum: string;
  /** `sha256` */
  checksum_algorithm?: string;
  /** Luau; absent when it is too long, or lies in `ServerStorage` */
  script_content?: string;
  /** where it is, for those who teach, when it is not in the event */
  content_url?: string;
  /** in bytes; beside `content_url` */
  size?: number;
}

/** The four stages, in order. */
export type Stage = "content_analysis" | "lesson_generation" | "packaging" | "quiz_generation";

/** A stage has ended. */
export interface StageCompleteData {
  session_id: string;
  completed_stage: Stage;
  /** null after the last */
  next_stage: Stage | null;
  /** counted, by stage */
  stage_results: AnalysisResults | LessonResults | QuizResults | PackagingResults;
}

/** For everybody; without personal data. */
export interface SystemNotificationData {
  level: Level;
  message: string;
  /** what it is about */
  kind?: NoticeKind;
  /** of what it is about */
  phase?: Phase;
  starts_at?: string;
  ends_at?: string;
  /** in seconds: when to come back */
  retry_after?: number;
  /** paths of the old sockets meant */
  endpoints?: string[];
}

/** Why a task failed. */
export interface TaskError {
  error_code: string;
  message: string;
}

/** A task goes on. */
export interface TaskProgressData {
  task_id: string;
  /** from the server alone */
  agent_id?: string;
  /** from a worker alone: by which it holds the task */
  lease_id?: string;
  /** of the task, in percent; a worker need not say it */
  progress_percent?: number;
  /** what is being done; a worker need not say it */
  message?: string;
}

/** How a task has ended. */
export interface TaskResultData {
  agent_id: string;
  task_id: string;
  status: TaskStatus;
  /** of the task's kind; null when there is none */
  result: Record<string, unknown> | null;
  /** in milliseconds */
  execution_time_ms: number;
  error?: TaskError;
  /** where the result is fetched, with a token; there in the place of one too long for an event */
  result_url?: string;
}

/** Where a task is; the last three are ends. */
export type TaskStatus = "cancelled" | "completed" | "failed" | "queued" | "running";

/** Every message that channels carry, by its type, which is the event's name. */
export interface Messages {
  /** It failed, or was refused. */
  error: Envelope<"error", ErrorData>;
  /** For everybody. */
  system_notification: Envelope<"system_notification", SystemNotificationData>;
  /** An echo; on the channel its data goes alone. */
  echo: Envelope<"echo", EchoData>;
  /** Work goes on. */
  progress_update: Envelope<"progress_update", ProgressUpdateData>;
  /** A stage has ended. */
  stage_complete: Envelope<"stage_complete", StageCompleteData>;
  /** All is there: the last event. */
  generation_complete: Envelope<"generation_complete", GenerationCompleteData>;
  /** Words of a language model while they are being written; to watch, not to keep. */
  content_delta: Envelope<"content_delta", ContentDeltaData>;
  /** Where an environment stands. */
  environment_status: Envelope<"environment_status", EnvironmentStatusData>;
  /** A script is new or has changed. */
  script_update: Envelope<"script_update", ScriptUpdateData>;
  /** A file can be fetched. */
  asset_ready: Envelope<"asset_ready", AssetReadyData>;
  /** What an agent does. */
  agent_status: Envelope<"agent_status", AgentStatusData>;
  /** A task goes on. */
  task_progress: Envelope<"task_progress", TaskProgressData>;
  /** A task has ended. */
  task_result: Envelope<"task_result", TaskResultData>;
  /** Who is there. */
  plugin_hello: Envelope<"plugin_hello", PluginHelloData>;
  /** How a command ended. */
  command_result: Envelope<"command_result", CommandResultData>;
  /** Something happened in Studio. */
  plugin_event: Envelope<"plugin_event", Record<string, unknown>>;
  /** Do this. */
  plugin_command: Envelope<"plugin_command", PluginCommandData>;
  /** Settings have changed. */
  config_update: Envelope<"config_update", Record<string, unknown>>;
  /** A pupil has answered a question of one's quiz. */
  quiz_answer: Envelope<"quiz_answer", QuizAnswerData>;
  /** Something has happened in a world that runs. */
  game_events: Envelope<"game_events", GameEventsData>;
}

type Public<Type extends keyof Messages> = {
  [Name in Type]: Envelope<Name, Partial<Messages[Name]["data"]>>;
};

/** The events of a channel, by their names: what is listened to on it, and what comes. */
export type EventsOf<Name extends string> = string extends Name
  ? Record<string, unknown>
  : Name extends `private-content-generation-${string}`
  ? Pick<Messages, "error" | "progress_update" | "stage_complete" | "generation_complete" | "content_delta">
  : Name extends `content-generation-${string}`
  ? Public<"error" | "progress_update" | "stage_complete" | "generation_complete">
  : Name extends "system-notifications"
  ? Pick<Messages, "system_notification">
  : Name extends "test-channel"
  ? { echo: Messages["echo"]["data"] }
  : Name extends `private-roblox-sync-${string}`
  ? Pick<Messages, "environment_status" | "script_update" | "asset_ready" | "game_events">
  : Name extends "roblox-sync"
  ? Public<"environment_status" | "script_update" | "asset_ready">
  : Name extends `private-plugin-${string}`
  ? Pick<Messages, "environment_status" | "script_update" | "asset_ready" | "plugin_hello" | "command_result" | "plugin_event" | "plugin_command" | "config_update">
  : Name extends `private-agent-${string}`
  ? Pick<Messages, "agent_status" | "task_progress" | "task_result">
  : Name extends "agent-status"
  ? Public<"agent_status">
  : Name extends `private-user-${string}`
  ? Pick<Messages, "task_result" | "quiz_answer">
  : Record<string, unknown>;
