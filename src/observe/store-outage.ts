/**
 * A store that does not answer is told in one line of the log, in one a minute while that lasts, and in one when it is over. Each
 * error and each request that failed because of it is counted there, and in the metrics; none has a line of its own.
 */
import type { Logger } from 'pino';
import { innermostMessage } from '../base/error-cause.ts';

/** Milliseconds between two lines. */
const BETWEEN_LINES = 60_000;
/** Milliseconds between two questions whether the store answers, while it does not. */
const BETWEEN_QUESTIONS = 1000;

export interface StoreOutage {
  /**
   * Counts an error, if it means that the store does not answer (`StoreUnavailable`).
   * @param request whether a request failed because of it
   * @returns whether it does, and the log says nothing more of it
   */
  takes(error: unknown, request: boolean): boolean;
  /** Whether the store does not answer now. */
  isLost(): boolean;
  /** Asks no more. */
  close(): void;
}

/**
 * Creates the watch over one store.
 * @param ping fails when the store does not answer
 * @param remedy what the operator can do: a sentence
 * @param now milliseconds of any clock that does not go back
 */
export function createStoreOutage(
  logger: Logger,
  { ping, remedy, now = () => performance.now() }: { ping(): Promise<void>; remedy: string; now?: () => number },
): StoreOutage {
  let outage: { since: number; first: unknown; said: boolean; errors: number; requests: number } | undefined;
  let saidAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  /** Says that the store is lost, unless something was said in the last minute: one that comes and goes does not fill the log. */
  function say(): void {
    if (outage === undefined || now() - saidAt < BETWEEN_LINES) return;
    const { first, said } = outage;
    const message = said ? 'the store still does not answer' : `${reasonOf(first)}. ${remedy}`;
    logger.error({ event: 'store.lost', message, ...(said ? countsOf(outage) : {}) });
    outage.said = true;
    saidAt = now();
  }

  const countsOf = ({ since, errors, requests }: NonNullable<typeof outage>) => ({
    seconds: Math.round((now() - since) / 1000),
    errors,
    requests,
  });

  function askLater(): void {
    if (closed) return;
    timer = setTimeout(async () => {
      const answers = await ping().then(
        () => true,
        () => false,
      );
      if (!answers) {
        say();
        return askLater();
      }
      if (outage?.said === true) {
        logger.info({ event: 'store.back', message: 'the store answers again', ...countsOf(outage) });
        saidAt = now();
      }
      outage = undefined;
    }, BETWEEN_QUESTIONS);
    timer.unref();
  }

  return {
    takes(error, request) {
      if (!(error instanceof Error) || error.name !== 'StoreUnavailable') return false;
      if (outage === undefined) {
        outage = { since: now(), first: error, said: false, errors: 0, requests: 0 };
        askLater();
      }
      outage[request ? 'requests' : 'errors'] += 1;
      say();
      return true;
    },
    isLost: () => outage !== undefined,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** The message of an error, and that of its innermost cause. */
function reasonOf(error: unknown): string {
  const reason = innermostMessage(error);
  return error instanceof Error && error.cause !== undefined ? `${error.message} (${reason})` : reason;
}
