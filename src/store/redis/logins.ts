/** Logins under way in Redis: one key each, which each step moves on or takes. */
import { z } from 'zod';
import type { Approval, ClientLogin, Login, LoginProblem } from '../records.ts';
import type { LoginStore } from '../store.ts';
import { readApproval, readLogin } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

const problem = z.enum(['unknown', 'other_browser']);
const decision = z.union([z.tuple([problem]), z.tuple([z.literal('decided'), z.string()])]);
const finish = z.union([z.tuple([problem]), z.tuple([z.literal('finished'), z.string(), z.string()])]);

export class RedisLoginStore implements LoginStore {
  readonly #redis: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #open = loadScript('login-open');
  readonly #decide = loadScript('login-decide');
  readonly #finish = loadScript('login-finish');

  constructor(redis: RedisConnection, keys: RedisKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async open(id: string, login: Login, ttl: number, approval?: Approval): Promise<void> {
    const args = { login: JSON.stringify(login), consentHash: consentHashOf(login), ttl, ...approvalArgs(approval) };
    await this.#redis.run(this.#open, [this.#keys.login(id)], args);
  }

  async decide(
    id: string,
    consentHash: string,
    taken: { approval: Approval; ttl: number } | 'deny',
  ): Promise<ClientLogin | LoginProblem> {
    const args = taken === 'deny' ? {} : { ttl: taken.ttl, ...approvalArgs(taken.approval) };
    const reply = await this.#redis.run(this.#decide, [this.#keys.login(id)], { consentHash, ...args });
    const answer = decision.parse(reply);
    return answer[0] === 'decided' ? (readLogin(answer[1]) as ClientLogin) : answer[0];
  }

  async finish(
    id: string,
    stateHash: string,
    browserHash: string,
  ): Promise<{ login: Login; approval: Approval } | LoginProblem> {
    const answer = finish.parse(
      await this.#redis.run(this.#finish, [this.#keys.login(id)], { stateHash, browserHash }),
    );
    return answer[0] === 'finished'
      ? { login: readLogin(answer[1]) as ClientLogin, approval: readApproval(answer[2]) }
      : answer[0];
  }
}

function approvalArgs(approval: Approval | undefined) {
  return approval === undefined
    ? {}
    : {
        approval: JSON.stringify(approval),
        stateHash: approval.stateHash,
        browserHash: approval.browserHash,
      };
}

function consentHashOf(login: Login): string {
  return login.purpose === 'client' ? (login.consentHash ?? '') : '';
}
