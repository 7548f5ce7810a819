/** Everything that this client throws or rejects with. */
export class ClientError extends Error {
  // Written out, here and below: the name of the class itself does not survive a bundler.
  override readonly name: string = "ClientError";
}

/** The server does not want this key or connection; asking again does not change it. */
export class ConnectionRefused extends ClientError {
  override readonly name = "ConnectionRefused";

  /** @param code the close code, or null when the configuration already was refused */
  constructor(
    message: string,
    readonly code: number | null,
  ) {
    super(message);
  }
}

/** All attempts to come back failed. */
export class GaveUp extends ClientError {
  override readonly name = "GaveUp";
}

/** The client was closed by its owner. */
export class ConnectionClosed extends ClientError {
  override readonly name = "ConnectionClosed";
}

/** No signature, or the server said no. */
export class SubscriptionDenied extends ClientError {
  override readonly name = "SubscriptionDenied";

  constructor(
    readonly channel: string,
    message: string,
    readonly status: number | null,
  ) {
    super(`${channel}: ${message}`);
  }
}

/** The event was not taken: too many wait to be sent. */
export class SendQueueFull extends ClientError {
  override readonly name = "SendQueueFull";
}

/** A request was answered with no. */
export class RequestRefused extends ClientError {
  override readonly name = "RequestRefused";

  /**
   * @param status of the answer
   * @param code `error_code` of the server's errors, if there was one
   */
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** No answer, or one that asks to come back later. */
export class RequestUnavailable extends ClientError {
  override readonly name = "RequestUnavailable";

  /**
   * @param status of the answer; null when there was none
   * @param retryAfterS seconds that the server asks for; 0 when it names none
   */
  constructor(
    message: string,
    readonly status: number | null = null,
    readonly retryAfterS = 0,
  ) {
    super(message);
  }
}

/** What an error says. */
export function wordsOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
