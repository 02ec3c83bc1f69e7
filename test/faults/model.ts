// What the system has acknowledged: the sessions with their tokens, how each of them stands, and what was seen that contradicts
// it. A contradiction is a violation, unless it concerns a write that the store does not promise to keep.

import type { TestClient } from '../support/oauth.ts';

/**
 * How a session stands:
 * - `live`: its tokens must work.
 * - `withdrawn`: its person revoked the app at GitHub. It ends when a call next asks GitHub, and no such call may succeed.
 * - `ended`: its tokens must be refused, everywhere.
 * - `unsure`: an answer was lost, so it may be either; it must be the same everywhere.
 */
export type Standing = 'live' | 'withdrawn' | 'ended' | 'unsure';

export interface Session {
  readonly name: string;
  /** The account at GitHub that it belongs to. */
  readonly login: string;
  readonly client: TestClient;
  accessToken: string;
  refreshToken: string;
  /** Refresh tokens that were rotated, the oldest first. */
  readonly spent: string[];
  standing: Standing;
  /** Why it stands so, for the report. */
  why: string;
  /** When its last write was acknowledged, by performance.now(). */
  writtenAt: number;
}

/** A time in which an acknowledged write may be lost: the primary changed place without having been paused before. */
interface Failover {
  readonly from: number;
  readonly to: number;
  /** The fault that led to it. */
  readonly during: string;
}

interface Contradiction {
  readonly what: string;
  /** The time in which the writes were acknowledged that it depends on. */
  readonly from: number;
  readonly to: number;
}

/** Milliseconds before a failover in which a write may not have reached the replica. */
const REPLICATION_LAG = 1_000;

export class Model {
  readonly sessions: Session[] = [];
  /** How often what happened, for the report. */
  readonly counts = new Map<string, number>();
  readonly #violations: string[] = [];
  readonly #contradictions: Contradiction[] = [];
  readonly #failovers: Failover[] = [];

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Notes what must never happen, whatever fails. */
  violation(what: string): void {
    this.#violations.push(what);
  }

  /** Notes what must not happen unless the store has lost a write that was acknowledged between `from` and `to`. */
  contradiction(what: string, from: number, to = from): void {
    this.#contradictions.push({ what, from, to });
  }

  /** Notes that another server became the primary, unplanned, at some time between `from` and `to`. */
  failover(from: number, to: number, during: string): void {
    this.#failovers.push({ from: from - REPLICATION_LAG, to, during });
  }

  /** A session whose tokens have just been acknowledged. */
  begin(session: Pick<Session, 'login' | 'client' | 'accessToken' | 'refreshToken'>): Session {
    const name = `session ${this.sessions.length + 1} of ${session.login}`;
    const begun: Session = {
      ...session,
      name,
      spent: [],
      standing: 'live',
      why: 'logged in',
      writtenAt: performance.now(),
    };
    this.sessions.push(begun);
    return begun;
  }

  /** The last write that concerns the session was acknowledged just now, and it stands so. */
  acknowledge(session: Session, standing: Standing, why: string): void {
    Object.assign(session, { standing, why, writtenAt: performance.now() });
  }

  /** A token of the session was refused as that of no session. */
  refused(session: Session, by: string): void {
    const { standing, why, writtenAt } = session;
    if (standing === 'live') this.contradiction(`${session.name} (${why}) is live and was refused by ${by}`, writtenAt);
    // A session whose newest refresh token was lost goes on with its access token.
    if (standing !== 'ended') this.acknowledge(session, standing === 'live' ? 'unsure' : 'ended', `refused by ${by}`);
  }

  /**
   * A token of the session was accepted.
   * @param login whose account answered
   * @param github whether GitHub was asked with the session's credential
   */
  accepted(session: Session, by: string, login: unknown, github: boolean): void {
    if (login !== session.login) this.violation(`${session.name} answered as ${login} by ${by}`);
    if (session.standing === 'withdrawn' && github)
      this.violation(`${session.name} reached GitHub by ${by} after its person revoked the app there`);
    this.alive(session, by);
  }

  /** A token of the session was accepted; nothing is known of whose account it is. */
  alive(session: Session, by: string): void {
    if (session.standing !== 'ended') return;
    this.contradiction(`${session.name} (${session.why}) has ended and was accepted by ${by}`, session.writtenAt);
    this.acknowledge(session, 'unsure', `accepted by ${by} after its end`);
  }

  /** The sessions of a person that stand so. */
  of(login: string, ...standings: readonly Standing[]): Session[] {
    return this.sessions.filter((session) => session.login === login && standings.includes(session.standing));
  }

  /** Contradictions that a lost write explains, and everything else that must not have happened. */
  verdict(): { violations: readonly string[]; excused: readonly string[] } {
    const excuse = (one: Contradiction) => this.#failovers.find(({ from, to }) => from <= one.to && one.from <= to);
    const judged = this.#contradictions.map((one) => ({ ...one, failover: excuse(one) }));
    const excused = judged.flatMap(({ what, from, failover }) => {
      if (failover === undefined) return [];
      const begun = ((from - failover.from - REPLICATION_LAG) / 1000).toFixed(1);
      return [`${what}; acknowledged ${begun} s after the beginning of "${failover.during}"`];
    });
    const unexcused = judged.flatMap(({ what, failover }) => (failover === undefined ? [what] : []));
    return { violations: [...this.#violations, ...unexcused], excused };
  }
}
