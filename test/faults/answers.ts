// What an answer tells a client of what has happened: done, refused, or nobody knows.

import type { JsonAnswer } from '../support/oauth.ts';

/** The answer; undefined when none came, so that nobody knows what happened. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isCut(error)) return undefined;
    throw error;
  }
}

/** Whether an error is that of a connection that ended before the answer, as when a replica is killed. */
export function isCut(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || (error instanceof TypeError && /^(?:fetch failed|terminated)$/.test(error.message));
}

/** Whether it is unknown what a token request did: no answer, or the store may have done it without answering. */
export function isLost(answer: JsonAnswer | undefined): boolean {
  return answer === undefined || (answer.status !== 200 && answer.body.error !== 'invalid_grant');
}

/** Whether a token request was refused: the code or the token is none that can be used. */
export function isRefused(answer: JsonAnswer | undefined): boolean {
  return answer?.body.error === 'invalid_grant';
}
