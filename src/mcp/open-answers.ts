/**
 * The answers that are open: the streams of `/sse`, and what `/mcp` has not answered in full. They are counted for each
 * person, and end with their session, wherever that ended (design decision 23).
 */
import type { ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { applyPolicy, type PolicyServices } from '../oauth/session-policy.ts';
import { formatSid } from '../oauth/tokens/session-tokens.ts';
import { UpstreamFailure } from '../oauth/upstream.ts';
import type { EventBus } from '../observe/events.ts';
import { isGone } from '../protocol/http.ts';
import type { SessionRef } from '../store/records.ts';
import type { SessionStore } from '../store/store.ts';

/** `long` stands for `/mcp` with tools of others; `gateway` for the answers of all MCP servers behind the bridge. */
type Path = '/mcp' | '/sse' | 'long' | 'gateway';

interface Limits {
  /** Open answers of all people. */
  readonly all: number;
  /** Open answers of one person, so that one person cannot use all. */
  readonly perPerson: number;
  /** Seconds after which an answer is cut off; streams have no such limit. */
  readonly seconds: number;
}

/**
 * Limits by path. A call of a built-in tool ends within 30 seconds, so an answer at `/mcp` that is still open after a minute is
 * one that its client does not read. MCP clients give up a call after 60 seconds.
 */
const LIMITS: Readonly<Record<Path, Limits>> = {
  '/sse': { all: 1000, perPerson: 50, seconds: Number.POSITIVE_INFINITY },
  '/mcp': { all: 2000, perPerson: 100, seconds: 60 },
  long: { all: 2000, perPerson: 100, seconds: 3600 },
  gateway: { all: 5000, perPerson: 200, seconds: Number.POSITIVE_INFINITY },
};
/** Seconds after which a client that was refused may try again. */
const RETRY_AFTER = 10;
/** Sessions that ended last. A request whose session was read just before its end opens its answer just after it. */
const MAX_ENDED = 10_000;
/** Sessions that are checked at the same time. */
const CHECKS_AT_ONCE = 100;

/** The reason of an answer's signal when its connection closed; without one, each signal would make an error of its own. */
const CLOSED = new Error('the connection closed');

/** The reason of an answer's signal when its session ended. */
export class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

export interface OpenAnswers {
  /**
   * Counts an answer until its connection or its response is closed.
   * @returns a signal that is aborted when the answer must end: its session ended ({@link SessionOver}), its connection
   *   closed, or the bridge stops; undefined when there are too many open answers
   */
  open(path: Path, session: SessionRef, response: ServerResponse): AbortSignal | undefined;
  /**
   * Ends the answers whose session ended in another process, and those at `/mcp` that are open for too long. Reads each
   * session with an open answer once, which counts as a use of it. Applies the policy to a session whose answer is open for the
   * lifetime of an access token, and again after as long, because its client needs no refresh meanwhile.
   * @throws {StoreUnavailable} when a session cannot be read, after all others were; its answers stay open
   */
  check(): Promise<void>;
  /** Ends all answers. */
  close(): void;
}

interface Answer {
  readonly path: Path;
  readonly session: SessionRef;
  readonly response: ServerResponse;
  /** Epoch seconds. */
  readonly openedAt: number;
  readonly ending: AbortController;
  /** When the policy was applied to its session, or its access token was checked, in epoch seconds. */
  admittedAt: number;
}

interface OpenAnswersOptions extends PolicyServices {
  readonly store: { readonly sessions: Pick<SessionStore, 'read'> };
  /** Seconds. */
  readonly accessTokenTtl: number;
  readonly events: EventBus;
  /** The current time in epoch seconds. */
  readonly now: () => number;
}

/** Creates the one object that counts and ends open answers. */
export function createOpenAnswers(options: OpenAnswersOptions): OpenAnswers {
  const { store, accessTokenTtl, events, now } = options;
  const answers = new Set<Answer>();
  /** How many answers are open, by path, and by path and person. */
  const counts = new Map<string, number>();
  const ended = new LRUCache<string, true>({ max: MAX_ENDED });

  function count(key: string, change: 1 | -1): void {
    const counted = (counts.get(key) ?? 0) + change;
    if (counted === 0) counts.delete(key);
    else counts.set(key, counted);
  }

  /** The transport ends the answer in order; queued bytes that the client does not read would keep it open. */
  function end({ ending, response }: Answer, reason: Error = CLOSED): void {
    ending.abort(reason);
    if (response.writableLength > 0) response.destroy();
  }

  function endSession({ person, grant }: SessionRef): void {
    ended.set(formatSid({ person, grant }), true);
    for (const answer of answers)
      if (answer.session.person === person && answer.session.grant === grant) end(answer, new SessionOver());
  }

  events.on('grant.ended', endSession);

  /**
   * Reads the session of answers, and applies the policy when that is due: what it ends emits `grant.ended`, and what cannot be
   * checked now is checked in the next round.
   */
  async function checkSession(ref: SessionRef, own: readonly Answer[]): Promise<void> {
    const session = await store.sessions.read(ref);
    if (session === undefined) return endSession(ref);
    if (own.every(({ admittedAt }) => now() - admittedAt < accessTokenTtl)) return;
    try {
      await applyPolicy(options, session);
      for (const answer of own) answer.admittedAt = now();
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
    }
  }

  return {
    open(path, session, response) {
      const limits = LIMITS[path];
      const own = `${path} ${session.person}`;
      if ((counts.get(path) ?? 0) >= limits.all || (counts.get(own) ?? 0) >= limits.perPerson) return undefined;
      if (ended.has(formatSid(session))) return AbortSignal.abort(new SessionOver());
      // If the connection is closed already, the event `close` will not be emitted any more.
      if (isGone(response)) return AbortSignal.abort(CLOSED);
      const ending = new AbortController();
      const answer: Answer = { path, session, response, openedAt: now(), admittedAt: now(), ending };
      answers.add(answer);
      for (const key of [path, own]) count(key, 1);
      response.once('close', () => {
        answers.delete(answer);
        for (const key of [path, own]) count(key, -1);
        ending.abort(CLOSED);
      });
      return ending.signal;
    },
    async check() {
      for (const { path, openedAt, response } of answers)
        if (now() - openedAt > LIMITS[path].seconds) response.destroy();
      const bySession = Map.groupBy(answers, ({ session }) => formatSid(session));
      const open = [...new Map([...answers].map(({ session }) => [formatSid(session), session]))];
      const failures: unknown[] = [];
      while (open.length > 0) {
        const checks = open
          .splice(0, CHECKS_AT_ONCE)
          .map(([sid, session]) => checkSession(session, bySession.get(sid) ?? []));
        for (const check of await Promise.allSettled(checks))
          if (check.status === 'rejected') failures.push(check.reason);
      }
      if (failures.length > 0) throw failures[0];
    },
    close() {
      for (const answer of answers) end(answer);
    },
  };
}

/** The answer to a request that {@link OpenAnswers.open} refused. */
export function tooManyOpen(): Response {
  return Response.json(
    { error: 'temporarily_unavailable', error_description: 'too many requests or streams are open: try again later' },
    { status: 503, headers: { 'Retry-After': String(RETRY_AFTER) } },
  );
}
