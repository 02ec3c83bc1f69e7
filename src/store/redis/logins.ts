/** Logins in progress in Redis: one key each. */
import { z } from 'zod';
import type { Approval } from '../records.ts';
import type { LoginStore } from '../store.ts';
import { readApproval, readClientLogin, readLogin } from '../stored.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { loadScript } from './script.ts';

const problemSchema = z.enum(['unknown', 'other_browser']);
/** `{problem}`, or `{'decided', login}`. */
const decisionSchema = z.union([z.tuple([problemSchema]), z.tuple([z.literal('decided'), z.string()])]);
/** `{problem}`, or `{'finished', login, approval}`. */
const finishSchema = z.union([z.tuple([problemSchema]), z.tuple([z.literal('finished'), z.string(), z.string()])]);

export function createRedisLoginStore(redis: RedisConnection, keys: RedisKeys): LoginStore {
  const scripts = {
    open: loadScript('login-open'),
    decide: loadScript('login-decide'),
    finish: loadScript('login-finish'),
  };
  return {
    async open(id, login, ttl, approval) {
      const consentHash = login.purpose === 'client' ? login.consentHash : undefined;
      const args = { login: JSON.stringify(login), consentHash, ttl, ...approvalArgs(approval) };
      await redis.run(scripts.open, [keys.login(id)], args);
    },

    async decide(id, consentHash, decision) {
      const args = decision === 'deny' ? {} : { ttl: decision.ttl, ...approvalArgs(decision.approval) };
      const reply = await redis.run(scripts.decide, [keys.login(id)], { consentHash, ...args });
      const answer = decisionSchema.parse(reply);
      return answer[0] === 'decided' ? readClientLogin(answer[1]) : answer[0];
    },

    async finish(id, stateHash, browserHash) {
      const reply = await redis.run(scripts.finish, [keys.login(id)], { stateHash, browserHash });
      const answer = finishSchema.parse(reply);
      return answer[0] === 'finished' ? { login: readLogin(answer[1]), approval: readApproval(answer[2]) } : answer[0];
    },
  };
}

function approvalArgs(approval: Approval | undefined) {
  if (approval === undefined) return {};
  const { stateHash, browserHash } = approval;
  return { approval: JSON.stringify(approval), stateHash, browserHash };
}
