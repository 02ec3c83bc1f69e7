// A steady load on a bridge: people log in, refresh, call tools and keep streams open, one thing after another, and nothing is sent
// a second time. What fails is kept, so that a test can say what a client would have met.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { createAgent } from '../support/agent.ts';
import {
  callTool,
  connect,
  refreshing,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { until } from '../support/until.ts';

/**
 * Milliseconds between two things that a person does. Without a pause the load takes all that the machine has. Logins are slower: 600
 * from one address in five minutes are allowed, and a person who has 500 sessions loses the oldest.
 */
const PAUSES: Readonly<Record<keyof LoadSize, number>> = { logins: 300, refreshes: 20, calls: 20, streams: 20 };

/** How many people do each thing. */
export interface LoadSize {
  readonly logins: number;
  readonly refreshes: number;
  readonly calls: number;
  readonly streams: number;
}

export interface Load {
  /** How often each thing was done. */
  readonly done: Record<keyof LoadSize, number>;
  /** What went wrong, each with the time in milliseconds since the beginning. */
  readonly failures: readonly string[];
  /** Streams that ended, which their clients opened again. */
  readonly streamsEnded: () => number;
  /** Waits until each thing was done so many times more. */
  more(times: number): Promise<void>;
  /** Ends the load at once. */
  stop(): void;
  /** Ends the load. Every session is then used once more. @returns the sessions that do not work any more */
  end(): Promise<string[]>;
}

/** Begins a load. Resolves when each thing was done once. */
export async function startLoad(issuer: string, size: LoadSize): Promise<Load> {
  const begun = performance.now();
  const done = { logins: 0, refreshes: 0, calls: 0, streams: 0 };
  const failures: string[] = [];
  const sessions: { client: TestClient; tokens: Tokens }[] = [];
  let streamsEnded = 0;
  const over = new AbortController();

  const logIn = async (login: string) => {
    const session = await connect(issuer, { browser: createAgent(), login });
    sessions.push(session);
    return session;
  };
  const use = async ({ access_token }: Tokens, tool: string) => {
    const { status, text, result } = await callTool(issuer, access_token, tool);
    if (status !== 200 || result === undefined || result.isError) throw new Error(`${tool}: ${status} ${text}`);
  };
  const once: Record<keyof LoadSize, (login: string) => Promise<() => Promise<unknown>>> = {
    logins: async (login) => () => logIn(login),
    refreshes: async (login) => {
      const session = await logIn(login);
      return async () => {
        session.tokens = tokensOf(await tokenRequest(issuer, refreshing(session.client, session.tokens.refresh_token)));
        await use(session.tokens, 'get_auth_status');
      };
    },
    calls: async (login) => {
      const { tokens } = await logIn(login);
      return () => use(tokens, 'get_user_profile');
    },
    streams: async (login) => {
      const { tokens } = await logIn(login);
      return () => listen(tokens);
    },
  };

  /** Listens until the stream ends. */
  async function listen({ access_token }: Tokens): Promise<void> {
    const { signal } = over;
    const stream = await fetch(`${issuer}/sse`, { headers: { authorization: `Bearer ${access_token}` }, signal });
    if (stream.status !== 200) throw new Error(`GET /sse: ${stream.status}`);
    let heard = '';
    // A stream may be cut: its client opens another one.
    await stream.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeTo(
        new WritableStream({
          write: (text) => {
            if (heard === '') done.streams += 1;
            heard += text;
          },
        }),
      )
      .catch((error: unknown) => {
        if (heard === '') throw error;
      });
    streamsEnded += signal.aborted ? 0 : 1;
  }

  async function work(kind: keyof LoadSize, login: string): Promise<void> {
    const step = await once[kind](login);
    while (!over.signal.aborted)
      try {
        await step();
        if (kind !== 'streams') done[kind] += 1;
        await pause(PAUSES[kind]);
      } catch (error) {
        if (over.signal.aborted) return;
        failures.push(`${Math.round(performance.now() - begun)} ms, ${kind}: ${reasonOf(error)}`);
      }
  }

  const kinds = Object.keys(done) as (keyof LoadSize)[];
  const workers = Promise.all(
    kinds.flatMap((kind) => Array.from({ length: size[kind] }, (_, index) => work(kind, `${kind}-${index}`))),
  );
  /** Waits for something, unless a worker fails. */
  const soon = (question: () => boolean, what: string) =>
    Promise.race([
      until(question, { what, timeout: 60_000 }),
      workers.then(() => assert.fail('the load has ended')),
    ]).catch((error) => {
      over.abort();
      throw new Error(`${what}: ${failures.join('\n')}`, { cause: error });
    });
  const more = async (times: number) => {
    const before = { ...done };
    await soon(
      () => kinds.every((kind) => kind === 'streams' || done[kind] >= before[kind] + times),
      'the load to go on',
    );
  };
  await more(1);
  await soon(() => done.streams >= size.streams, 'the streams to begin');
  return {
    done,
    failures,
    streamsEnded: () => streamsEnded,
    more,
    stop: () => over.abort(),
    async end() {
      over.abort();
      await workers;
      const lost = sessions.map(async ({ client, tokens }) => {
        try {
          await use(tokensOf(await tokenRequest(issuer, refreshing(client, tokens.refresh_token))), 'get_auth_status');
          return [];
        } catch (error) {
          return [reasonOf(error)];
        }
      });
      return (await Promise.all(lost)).flat();
    },
  };
}

/** The accounts at GitHub that a load needs. */
export function accountsOf(size: LoadSize): { id: number; login: string; name: null; email: string }[] {
  const logins = Object.entries(size).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, index) => `${kind}-${index}`),
  );
  return logins.map((login, index) => ({ id: 1000 + index, login, name: null, email: `${login}@example.com` }));
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? ` (${error.cause})` : '';
  return `${error}${cause}`.slice(0, 300);
}
