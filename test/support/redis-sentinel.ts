// A real Redis with Sentinel on loopback, for one test: a master, a replica, and three sentinels. The first sentinel considers
// a server down after one second without an answer.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisOptions, type RedisServer, startRedis, startServer } from './redis.ts';
import { until } from './until.ts';

const MASTER_NAME = 'bridge';

/**
 * Milliseconds without an answer after which each sentinel considers a server down. They differ, and one sentinel is enough
 * to notice (it still needs the vote of another one): sentinels that notice at once vote each for itself, and then all wait.
 */
const DOWN_AFTER = [1_000, 3_000, 5_000];

/**
 * Milliseconds after which a sentinel is asked again for a planned failover that is not finished. It needs no vote for one, so
 * another sentinel can begin a failover of the same epoch, and then they disagree until the next epoch.
 */
const ASK_AGAIN = 10_000;

export type RedisSentinel = {
  /** The addresses of the three sentinels. */
  sentinels: { host: string; port: number }[];
  masterName: string;
  /** The address, as in `REDIS_URL`: `redis-sentinel://HOST:PORT,HOST:PORT,HOST:PORT/MASTER_NAME`. */
  url: string;
  /** The server that the sentinels call the master now. */
  master(): Promise<RedisServer>;
  /** Waits until all sentinels find one master well, and the other server follows it. @returns that master */
  settled(): Promise<RedisServer>;
  /**
   * Kills the master, or with `planned` lets master and replica change places, and waits until all sentinels name the new
   * master. A killed server can be started again with its `up()`; it is then a replica.
   * @returns the new master
   */
  failover(options?: { planned?: boolean }): Promise<RedisServer>;
  stop(): Promise<void>;
};

/**
 * Starts everything and waits until each sentinel knows the replica and the two others.
 * @param options of both servers
 */
export async function startRedisSentinel(options: RedisOptions = {}): Promise<RedisSentinel> {
  const started: RedisServer[] = [];
  const stop = async () => void (await Promise.all(started.map((server) => server.stop())));
  try {
    const first = await startRedis(options);
    started.push(first);
    const second = await startRedis(options);
    started.push(second);
    // Not an argument, which would make it a replica again at each start.
    await second.cli('replicaof', '127.0.0.1', String(first.port));
    await second.cli('config', 'rewrite');
    await until(async () => (await second.cli('info', 'replication')).includes('master_link_status:up'), {
      what: 'the replica to follow its master',
    });
    const sentinels: RedisServer[] = [];
    for (const downAfter of DOWN_AFTER) {
      const sentinel = await startSentinel(first.port, downAfter);
      started.push(sentinel);
      sentinels.push(sentinel);
    }
    await Promise.all(sentinels.map(hurry));
    await Promise.all(sentinels.map(knowsTheOthers));
    return sentinelOf([first, second], sentinels, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function sentinelOf(servers: RedisServer[], sentinels: RedisServer[], stop: () => Promise<void>): RedisSentinel {
  async function master(): Promise<RedisServer> {
    const ports = await Promise.all(sentinels.map(masterPort));
    const found = servers.find((server) => ports.every((port) => port === server.port));
    if (found === undefined) throw new Error(`the sentinels disagree: ${ports.join(', ')}`);
    return found;
  }
  async function settled(): Promise<RedisServer> {
    return await until(
      async () => {
        const named = await master();
        const info = await named.cli('info', 'replication');
        if ((await Promise.all(sentinels.map(masterFlags))).some((flags) => flags !== 'master')) return false;
        return info.includes('role:master') && /^slave0:.*state=online/m.test(info) && named;
      },
      { what: 'a master with its replica', interval: 50, timeout: 60_000 },
    );
  }
  async function failover({ planned = false } = {}): Promise<RedisServer> {
    const old = await master();
    const [first] = sentinels;
    let asked = Number.NEGATIVE_INFINITY;
    if (!planned) await old.down({ crash: true });
    return await until(
      async () => {
        if (planned && performance.now() - asked > ASK_AGAIN) {
          asked = performance.now();
          await first?.cli('sentinel', 'failover', MASTER_NAME);
        }
        const next = await master();
        return next !== old && (await next.cli('info', 'replication')).includes('role:master') && next;
      },
      { what: 'the sentinels to agree on another master', interval: 50, timeout: 90_000 },
    );
  }
  const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const hosts = addresses.map(({ host, port }) => `${host}:${port}`).join(',');
  return {
    sentinels: addresses,
    masterName: MASTER_NAME,
    url: `redis-sentinel://${hosts}/${MASTER_NAME}`,
    master,
    settled,
    failover,
    stop,
  };
}

/** Each sentinel has a configuration file of its own, because it rewrites that file. */
async function startSentinel(port: number, downAfter: number): Promise<RedisServer> {
  return await startServer(undefined, (own, dir) => {
    const file = join(dir, 'sentinel.conf');
    const lines = [
      `port ${own}`,
      'bind 127.0.0.1',
      `dir ${dir}`,
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${port} 1`,
      `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfter}`,
      `sentinel failover-timeout ${MASTER_NAME} 3000`,
      `sentinel parallel-syncs ${MASTER_NAME} 1`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return [file, '--sentinel'];
  });
}

/**
 * Shortens the periods of a sentinel, which are seconds. Redis before 7 refuses this, and is slower. The ping period is not
 * changed: after five of them without news a replica counts as stale, and a stale replica is not promoted.
 */
async function hurry(sentinel: RedisServer): Promise<void> {
  const periods = ['info-period', 'ask-period', 'publish-period'].flatMap((name) => [name, '100']);
  await sentinel.cli('sentinel', 'debug', ...periods);
}

async function knowsTheOthers(sentinel: RedisServer): Promise<void> {
  await until(
    async () => {
      const field = await masterFields(sentinel);
      return field('num-slaves') === '1' && field('num-other-sentinels') === '2';
    },
    { what: `sentinel ${sentinel.port} to know the others`, interval: 50, timeout: 30_000 },
  );
}

/** What a sentinel knows of the master, by the names of its fields. */
async function masterFields(sentinel: RedisServer): Promise<(name: string) => string | undefined> {
  const reply = (await sentinel.cli('sentinel', 'master', MASTER_NAME)).split('\n');
  return (name) => reply[reply.indexOf(name) + 1];
}

/** `master`, and what is wrong with it or under way (`s_down`, `failover_in_progress`). */
async function masterFlags(sentinel: RedisServer): Promise<string | undefined> {
  return (await masterFields(sentinel))('flags');
}

async function masterPort(sentinel: RedisServer): Promise<number> {
  const reply = await sentinel.cli('sentinel', 'get-master-addr-by-name', MASTER_NAME);
  return Number(reply.split('\n').at(1));
}
