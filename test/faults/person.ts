// A virtual person with an MCP client: logs in, calls, refreshes, signs out, revokes at GitHub, one thing after another, as honest
// clients do: a refresh without an answer is sent again with the same token. The balancer sends each request to any replica.

import { setTimeout as pause } from 'node:timers/promises';
import { type Agent, createAgent } from '../support/agent.ts';
import {
  authorizeInBrowser,
  callTool,
  postForm,
  redemption,
  refreshing,
  register,
  type TestClient,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { until } from '../support/until.ts';
import { attempt, isCut, isLost, isRefused } from './answers.ts';
import type { Model, Session } from './model.ts';
import type { Random } from './random.ts';

/** Milliseconds in which an answer to a refresh can be repeated: 60 s (design decision 6), less what a request may take. */
const GRACE = 45_000;
/** Requests that a client sends at once when it races itself. */
const RACERS = 3;

/** A person's account at GitHub. */
export interface GithubOfPerson {
  /** Revokes the app in the settings. */
  revoke(): Promise<unknown>;
  /** The valid tokens of the app. */
  tokens(): string[];
}

export class Person {
  readonly login: string;
  /** How many logins at GitHub were begun, and not answered with a code. GitHub may have issued a token for each. */
  cutOff = 0;
  /** GitHub's tokens of the logins that were answered with a code. */
  readonly githubTokens = new Set<string>();
  /** How many redemptions may have begun a session whose tokens nobody got. */
  orphans = 0;
  /** Set by the schedule: the person revokes the app at GitHub before anything else. */
  wantsToRevoke = false;
  readonly #issuer: string;
  readonly #model: Model;
  readonly #random: Random;
  readonly #github: GithubOfPerson;
  readonly #browser: Agent = createAgent();
  #client: TestClient | undefined;

  constructor(login: string, context: { issuer: string; model: Model; random: Random; github: GithubOfPerson }) {
    this.login = login;
    this.#issuer = context.issuer;
    this.#model = context.model;
    this.#random = context.random;
    this.#github = context.github;
  }

  /** Lives until `signal`: one step after another, with short rests. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#step();
      await pause(this.#random.between(20, 500));
    }
  }

  async #step(): Promise<void> {
    const model = this.#model;
    if (this.wantsToRevoke) return this.#revokeAtGithub();
    const usable = model.of(this.login, 'live', 'withdrawn', 'unsure');
    const live = model.of(this.login, 'live');
    const drawn = this.#random.fraction();
    if (usable.length === 0 || (usable.length < 3 && drawn < 0.15)) {
      if (!(await this.logIn())) await pause(this.#random.between(500, 1_500));
      return;
    }
    if (drawn < 0.6 || live.length === 0) {
      await this.call(this.#random.pick(usable), this.#random.pick(['get_user_profile', 'get_auth_status']));
      return;
    }
    const session = this.#random.pick(live);
    if (drawn < 0.9) return this.refresh(session);
    if (drawn < 0.95) return this.signOut(session);
    return this.#reuse(session);
  }

  /** A whole login. @returns whether it gave a session that must live */
  async logIn(): Promise<boolean> {
    const model = this.#model;
    // The new GitHub token replaces that of the other sessions, perhaps also when the answer is lost: they may live again.
    for (const session of model.of(this.login, 'withdrawn'))
      model.acknowledge(session, 'unsure', 'revoked, then logged in');
    this.cutOff += 1;
    const from = performance.now();
    const before = new Set(this.#github.tokens());
    try {
      if (this.#client === undefined || this.#random.chance(0.2)) this.#client = await register(this.#issuer);
      const client = this.#client;
      const who = { browser: this.#browser, login: this.login };
      const { answer, response, verifier } = await authorizeInBrowser(this.#issuer, client, who);
      const code = response.get('code');
      if (code === null) throw new Error(`no code: ${answer.status} ${answer.text.slice(0, 300)}`);
      this.cutOff -= 1;
      const issued = this.#github.tokens().filter((token) => !before.has(token));
      // With more than one, another login that was cut off has got its token late.
      if (issued.length === 1) this.githubTokens.add(issued[0] as string);
      model.count('logins that gave a code');
      return await this.#redeem(client, code, verifier);
    } catch (error) {
      // While the store or GitHub is down a login may fail, with an answer that says so.
      if (!isCut(error) && !/\b503\b|temporarily_unavailable/.test(String(error)))
        model.contradiction(`a login of ${this.login} failed: ${error}`, from, performance.now());
      model.count('logins that failed');
      return false;
    }
  }

  async #redeem(client: TestClient, code: string, verifier: string): Promise<boolean> {
    const model = this.#model;
    const issuedAt = performance.now();
    const racers = this.#random.chance(0.25) ? RACERS : 1;
    const send = () => attempt(() => tokenRequest(this.#issuer, redemption(client, code, verifier)));
    const answers = await Promise.all(Array.from({ length: racers }, send));
    let lost = answers.filter(isLost).length;
    // Some clients try again, although that may be a replay.
    if (lost === racers && this.#random.chance(0.5)) answers.push(await send());
    lost = answers.filter(isLost).length;
    const given = answers.flatMap((answer) => (answer?.status === 200 ? [tokensOf(answer)] : []));
    const refusals = answers.filter(isRefused).length;
    if (given.length > 1) model.contradiction(`a code of ${this.login} was redeemed ${given.length} times`, issuedAt);
    if (refusals === answers.length) model.contradiction(`a new code of ${this.login} was refused`, issuedAt);
    if (given.length === 0 && lost > 0) this.orphans += 1;
    model.count(racers > 1 ? 'codes raced' : 'codes redeemed once');
    const [tokens] = given;
    if (tokens === undefined) return false;
    const { access_token: accessToken, refresh_token: refreshToken = '' } = tokens;
    const session = model.begin({ login: this.login, client, accessToken, refreshToken });
    if (refusals > 0) model.acknowledge(session, 'ended', 'its code was replayed');
    else if (lost > 0) model.acknowledge(session, 'unsure', 'its code was sent more than once');
    return session.standing === 'live';
  }

  /** Calls a tool. @param at the address of one replica; default: the balancer */
  async call(session: Session, tool: string, at = this.#issuer): Promise<'accepted' | 'refused' | 'no answer'> {
    const model = this.#model;
    const by = `${tool} at ${at}`;
    const answer = await attempt(() => callTool(at, session.accessToken, tool));
    if (answer === undefined || answer.status === 503) {
      model.count('calls without an answer');
      return 'no answer';
    }
    if (answer.status === 401) {
      // GitHub's 401 ends all sessions with that credential.
      if (session.standing === 'withdrawn')
        for (const other of model.of(this.login, 'withdrawn')) model.acknowledge(other, 'ended', 'revoked at GitHub');
      else model.refused(session, by);
      model.count('calls refused');
      return 'refused';
    }
    if (answer.status !== 200 || answer.result === undefined) {
      model.violation(`${by} of ${session.name} was answered ${answer.status} ${answer.text.slice(0, 200)}`);
      return 'no answer';
    }
    if (answer.result.isError === true) {
      model.count('calls with an error of GitHub');
      return 'no answer';
    }
    model.accepted(session, by, answer.result.structuredContent?.login, tool === 'get_user_profile');
    model.count('calls answered');
    return 'accepted';
  }

  /** Refreshes until there is an answer, with the same token each time. */
  async refresh(session: Session): Promise<void> {
    const model = this.#model;
    const spent = session.refreshToken;
    const deadline = performance.now() + GRACE;
    const racers = this.#random.chance(0.2) ? RACERS : 1;
    while (performance.now() < deadline) {
      const send = () => attempt(() => tokenRequest(this.#issuer, refreshing(session.client, spent)));
      const answers = await Promise.all(Array.from({ length: racers }, send));
      const [tokens, ...others] = answers.flatMap((answer) => (answer?.status === 200 ? [tokensOf(answer)] : []));
      if (others.some(({ refresh_token }) => refresh_token !== tokens?.refresh_token))
        model.contradiction(`${session.name} was refreshed into two families`, performance.now());
      if (tokens !== undefined) {
        session.spent.push(spent);
        session.accessToken = tokens.access_token;
        session.refreshToken = tokens.refresh_token ?? '';
        model.alive(session, 'POST /token');
        model.acknowledge(session, session.standing, 'refreshed');
      }
      if (answers.some(isRefused)) model.refused(session, 'POST /token');
      if (tokens !== undefined || answers.some(isRefused)) return model.count('refreshes answered');
      model.count('refreshes sent again');
      await pause(this.#random.between(100, 800));
    }
    model.acknowledge(session, 'unsure', 'its refresh had no answer while it could be repeated');
  }

  /** Revokes the session's tokens until that is acknowledged. */
  async signOut(session: Session): Promise<void> {
    const token = this.#random.pick([session.accessToken, session.refreshToken]);
    const { client_id } = session.client;
    await until(
      async () => (await attempt(() => postForm(`${this.#issuer}/revoke`, { token, client_id })))?.status === 200,
      { what: `${session.name} to be signed out`, timeout: 60_000, interval: 500 },
    );
    this.#model.acknowledge(session, 'ended', 'signed out');
    this.#model.count('sign-outs');
  }

  /** Sends a refresh token that was rotated twice, as a thief would: the session ends. */
  async #reuse(session: Session): Promise<void> {
    const model = this.#model;
    const [stolen] = session.spent;
    if (stolen === undefined || session.spent.length < 2) return this.refresh(session);
    const answer = await attempt(() => tokenRequest(this.#issuer, refreshing(session.client, stolen)));
    if (answer?.status === 200) model.contradiction(`an old token of ${session.name} was accepted`, session.writtenAt);
    model.acknowledge(session, isRefused(answer) ? 'ended' : 'unsure', 'an old token was sent');
    model.count('old tokens sent');
  }

  async #revokeAtGithub(): Promise<void> {
    this.wantsToRevoke = false;
    await this.#github.revoke();
    for (const session of this.#model.of(this.login, 'live'))
      this.#model.acknowledge(session, 'withdrawn', 'revoked at GitHub');
    this.#model.count('revocations at GitHub');
    // Mostly the client is used before the person logs in again.
    const [withdrawn] = this.#model.of(this.login, 'withdrawn');
    if (withdrawn !== undefined && this.#random.chance(0.7)) await this.call(withdrawn, 'get_user_profile');
  }
}
