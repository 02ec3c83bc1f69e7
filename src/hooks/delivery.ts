/** One attempt to deliver an event: a signed POST, whose answer counts by its status alone. */
import { errorCode } from '../base/error-cause.ts';
import type { Events } from '../observe/events.ts';
import { signedHeaders } from './signature.ts';

/** Milliseconds that the receiver has to answer. */
export const TIMEOUT = 10_000;
/** Bytes of an answer that are read, so that the connection can be used again; beyond that it is closed. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Where events go. */
export interface HookTarget {
  /** May hold a key: only its origin is shown anywhere. */
  readonly url: string;
  /** Each signs. */
  readonly secrets: readonly string[];
}

/** Which events go to the hook, and where it is. */
export interface EventHookConfig extends HookTarget {
  readonly events: ReadonlySet<keyof Events>;
}

/**
 * Sends an event once. Redirects are not followed.
 * @param now epoch milliseconds
 * @param signal ends the attempt
 * @returns undefined when the receiver took it (2xx), else why not, in words that hold nothing of the address
 */
export async function deliver(
  { url, secrets }: HookTarget,
  { id, body }: { readonly id: string; readonly body: string },
  now: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'mcp-github-bridge',
    ...signedHeaders(secrets, { id, timestamp: Math.floor(now / 1000), body }),
  };
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    if (!response.ok) {
      await response.body?.cancel();
      return `it answers ${response.status}`;
    }
    let read = 0;
    for await (const chunk of response.body ?? []) {
      read += chunk.length;
      if (read > MAX_ANSWER_BYTES) break;
    }
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Not the message of the error, which may contain the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (error.name === 'TimeoutError') return 'it does not answer in time';
  return `it cannot be reached (${errorCode(error) ?? error.name})`;
}
