/** What a client does after a connection was lost. */
export type Retry = "never" | "pause" | "now";

/** @param code of the close frame; 1006 when there was none */
export function retryAfterClose(code: number): Retry {
  if ((code >= 4000 && code < 4100) || code >= 4300) return "never";
  return code >= 4200 && code < 4300 ? "now" : "pause";
}

// A server that closes with "come back now" right after each welcome would otherwise be hit without a pause.
const SHORT_LIFE_MS = 1000;
const FIRST_MS = 1000;
const CAP_MS = 30_000;

/** 1, 2, 4, 8, 16 seconds, each spread by half to both sides so that clients do not come in step. */
export class Backoff {
  failed = 0;

  /**
   * @param dice between 0 and 1, for the spread
   * @param attempts so many in a row, asked each time; after them the answer is to give up
   */
  constructor(
    private readonly dice: () => number,
    private readonly attempts: () => number,
  ) {}

  /** A connection is established: the next loss begins again with the shortest wait. */
  succeeded(): void {
    this.failed = 0;
  }

  /**
   * Milliseconds until the next attempt, or null: stop trying.
   * @param livedMs how long the lost connection was established; 0 when it never was
   */
  nextWait(retry: Retry, livedMs: number): number | null {
    if (retry === "never" || this.failed >= this.attempts()) return null;
    this.failed += 1;
    if (retry === "now" && this.failed === 1 && livedMs >= SHORT_LIFE_MS) return 0;
    return Math.min(FIRST_MS * 2 ** (this.failed - 1), CAP_MS) * (0.5 + this.dice());
  }
}
