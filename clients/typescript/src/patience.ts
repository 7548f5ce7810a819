import { Backoff } from "./backoff.js";
import { RequestUnavailable } from "./errors.js";

/** Asks until there is an answer, or it is wanted no more. */
export type Patience = <Answer>(asking: () => Promise<Answer>, wanted: () => boolean) => Promise<Answer>;

/** With the pauses of a backoff, longer ones where the server names them. */
export function patience(
  dice: () => number,
  maxAttempts: () => number,
  sleep: (ms: number) => Promise<void>,
): Patience {
  return async (asking, wanted) => {
    const backoff = new Backoff(dice, maxAttempts);
    for (;;) {
      try {
        return await asking();
      } catch (fault) {
        const wait = fault instanceof RequestUnavailable && wanted() ? backoff.nextWait("pause", 0) : null;
        if (wait === null) throw fault;
        await sleep(Math.max(wait, (fault as RequestUnavailable).retryAfterS * 1000));
      }
    }
  };
}
