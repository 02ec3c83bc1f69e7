/**
 * How a Redis is set up, as far as what it holds depends on it: one that evicts keys forgets pins, salts and signing keys,
 * which is worse than a logout; one that writes nothing to its disk forgets everything at a restart.
 */
import { once } from 'node:events';
import { Cluster, type Redis } from 'ioredis';
import { innermostMessage } from '../../base/error-cause.ts';
import { SettingError } from '../../base/setting-error.ts';
import { connectRedis, type RedisTimeouts } from './client.ts';
import { parseRedisUrl } from './url.ts';

/** Milliseconds. */
const TIMEOUTS: RedisTimeouts = { connect: 3000, command: 3000 };

/** The server may evict what is stored. Problem and remedy are for the operator. */
export class RedisEvicts extends SettingError {
  override readonly name = 'RedisEvicts';

  constructor(policy: string) {
    const problem = `Redis may evict any key (maxmemory-policy ${policy}), and with it signing keys and sessions`;
    super('REDIS_URL', problem, 'Set maxmemory-policy noeviction.');
  }
}

/**
 * Asks every primary at an address how it is set up. What a hosted Redis does not tell is not judged.
 * @returns warnings for the operator
 * @throws {RedisEvicts} when one may evict keys that have no expiry
 * @throws {SettingError} when nothing answers there
 * @throws {Error} when the address cannot be parsed
 */
export async function checkRedisSettings(url: string): Promise<string[]> {
  const client = connectRedis(parseRedisUrl(url), TIMEOUTS);
  let trouble: Error | undefined;
  client.on('error', (error: Error) => {
    trouble ??= error;
  });
  try {
    if (client.status !== 'ready')
      await once(client, 'ready', { signal: AbortSignal.timeout(TIMEOUTS.connect) }).catch((error: unknown) => {
        const cause = trouble ?? error;
        const reason = trouble === undefined ? 'no answer' : innermostMessage(trouble);
        const remedy = 'Start Redis, or correct the address (host, port, user, password, database).';
        throw new SettingError('REDIS_URL', `Redis does not answer (${reason})`, remedy, { cause });
      });
    const primaries = client instanceof Cluster ? client.nodes('master') : [client];
    return [...new Set((await Promise.all(primaries.map(warningsOf))).flat())];
  } finally {
    client.disconnect();
  }
}

async function warningsOf(server: Redis): Promise<string[]> {
  const memory = await allowed(() => server.info('memory'));
  if (memory === undefined)
    return ['Redis does not let this user ask how it is set up (INFO): see that it has maxmemory-policy noeviction'];
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction';
  if (policy !== 'noeviction' && !policy.startsWith('volatile-')) throw new RedisEvicts(policy);
  const evicting = `Redis may evict registrations and logins (maxmemory-policy ${policy}): set maxmemory-policy noeviction`;
  const forgetting = 'Redis writes nothing to its disk, so a restart of it forgets everything: set appendonly yes';
  return [
    ...(policy === 'noeviction' ? [] : [evicting]),
    ...((await isPersistent(server)) === false ? [forgetting] : []),
  ];
}

/** Whether a server writes what it holds to its disk; undefined when it does not say. */
async function isPersistent(server: Redis): Promise<boolean | undefined> {
  if (/^aof_enabled:1/m.test((await allowed(() => server.info('persistence'))) ?? '')) return true;
  const setting = await allowed(() => server.config('GET', 'save'));
  return setting === undefined ? undefined : String((setting as unknown[])[1] ?? '') !== '';
}

/** The answer to a command; undefined when this user may not send it, or the server (often a hosted one) does not know it. */
async function allowed<T>(command: () => Promise<T>): Promise<T | undefined> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof Error && /^(?:NOPERM|ERR unknown)/.test(error.message)) return undefined;
    throw error;
  }
}
