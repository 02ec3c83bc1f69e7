// Everything that takes part: Redis with Sentinel, the simulated GitHub, three replicas behind a balancer, and the people. And how
// each fault of the schedule is made to happen.

import { setTimeout as pause } from 'node:timers/promises';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { freePort } from '../support/ports.ts';
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';
import { fault as faultIn, startBalancer } from './balancer.ts';
import type { Model } from './model.ts';
import { Person } from './person.ts';
import type { Random } from './random.ts';
import { createReplicas, type Replica } from './replicas.ts';
import type { Fault, FaultOf } from './schedule.ts';

const APP = { clientId: 'faults', clientSecret: 'no secret of anybody' };
/** The requests of the bridge, not the pages that a person sees. */
const BRIDGE_CALLS = /^\/api\/|^\/login\/oauth\/access_token$/;
/** Milliseconds for which writes are held back while primary and replica change places as planned. */
const HELD_BACK = 10_000;
/** A primary without its replica refuses writes, so that a failover loses at most what is under way (src/store/README.md). */
const REDIS = { appendOnly: true, args: ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '10'] };

export interface World {
  readonly issuer: string;
  readonly github: SimulatedGitHub;
  readonly redis: RedisSentinel;
  readonly replicas: readonly Replica[];
  readonly people: readonly Person[];
  /** The environment of the replicas. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a fault happen. Resolves when it is lifted. */
  inject(fault: Fault): Promise<void>;
  /** Lifts what is left of all faults. */
  mend(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything. */
export async function startWorld(model: Model, random: Random, size: { people: number }): Promise<World> {
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const redis = await startRedisSentinel(REDIS);
    closing.push(() => redis.stop());
    const port = await freePort();
    const issuer = `http://localhost:${port}`;
    const logins = Array.from({ length: size.people }, (_, index) => `person-${index}`);
    const github = createSimulatedGitHub({
      apps: [{ kind: 'oauth-app', name: 'Faults', ...APP, callbackUrls: [`${issuer}/github/callback`] }],
      accounts: logins.map((login, index) => ({ id: 1000 + index, login, name: null, email: `${login}@example.com` })),
      rateLimitPerHour: 1_000_000,
    });
    const env = {
      GITHUB_CLIENT_ID: APP.clientId,
      GITHUB_CLIENT_SECRET: APP.clientSecret,
      GITHUB_URL: await github.listen(),
      PUBLIC_URL: issuer,
      HOST: '127.0.0.1',
      REDIS_URL: redis.url,
      BRIDGE_SECRET: 'a secret of three replicas that is long enough',
      TRUSTED_PROXIES: '127.0.0.1',
      REGISTRATIONS_PER_HOUR: '100000',
      LOG_LEVEL: 'warn',
    };
    closing.push(() => github.close());
    const replicas = await createReplicas(env, (violation) => model.violation(violation));
    closing.push(() => Promise.all(replicas.map((replica) => replica.end('SIGKILL'))));
    await Promise.all(replicas.map((replica) => replica.start()));
    const balancing = random.fork();
    const balancer = await startBalancer(
      port,
      () => balancing.shuffled(replicas),
      (answered) => {
        const wrong = faultIn(answered);
        if (wrong !== undefined) model.violation(wrong);
        model.count(`answers ${answered.status}`);
      },
    );
    closing.push(() => balancer.close());
    const people = logins.map((login) => {
      const account = {
        revoke: () => github.revokeAuthorization(login, APP.clientId),
        tokens: () => github.liveTokens({ account: login }).map(({ token }) => token),
      };
      return new Person(login, { issuer, model, random: random.fork(), github: account });
    });
    const faults = createFaults({ model, redis, github, replicas, people });
    return { issuer, github, redis, replicas, people, env, ...faults, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function createFaults(parts: Pick<World, 'redis' | 'github' | 'replicas' | 'people'> & { model: Model }) {
  const { model, redis, github, replicas, people } = parts;
  /** Where the primary was when it was last looked for, and when that was. */
  let known: { port: number; at: number } | undefined;

  /** Notes a failover if the primary is another one than before. */
  async function look(during: string, planned = false): Promise<void> {
    const { port } = await redis.settled();
    const at = performance.now();
    if (known !== undefined && known.port !== port && !planned) model.failover(known.at, at, during);
    known = { port, at };
  }

  /** Writes are held back until the replica has all of them, and refused by the old primary when the replica has left it. */
  async function changePlaces(): Promise<void> {
    const primary = await redis.master();
    await primary.cli('client', 'pause', String(HELD_BACK), 'write');
    await until(
      async () => {
        const info = await primary.cli('info', 'replication');
        return /offset=(\d+)/.exec(info)?.[1] === /master_repl_offset:(\d+)/.exec(info)?.[1];
      },
      { what: 'the replica to have every write' },
    );
    await redis.failover({ planned: true });
    await primary.cli('client', 'unpause');
  }

  async function ofRedis(fault: FaultOf<'redis'>): Promise<void> {
    const primary = await redis.settled();
    await look('no fault');
    switch (fault.kind) {
      case 'pause':
        await primary.cli('client', 'pause', String(fault.ms), 'all');
        await pause(fault.ms);
        break;
      case 'freeze':
        primary.pause();
        await pause(fault.ms);
        primary.resume();
        break;
      case 'restart':
      case 'crash':
        await primary.restart({ crash: fault.kind === 'crash' });
        break;
      case 'switch':
        await changePlaces();
        break;
      case 'lose':
        await redis.failover();
        await primary.up();
        break;
    }
    await look(fault.kind, fault.kind === 'switch');
  }

  async function ofGithub(fault: FaultOf<'github'>): Promise<void> {
    const all = { path: BRIDGE_CALLS, times: Number.POSITIVE_INFINITY };
    switch (fault.kind) {
      case 'revoke':
        (people[fault.person] as Person).wantsToRevoke = true;
        return;
      case 'slow':
        github.fault({ ...all, kind: 'delay', ms: fault.delay });
        break;
      case 'fail':
        github.fault({ ...all, kind: 'status', status: 502 });
        break;
      case 'drop':
        github.fault({ ...all, kind: 'drop', when: 'before' });
        break;
      case 'swallow':
        github.fault({ ...all, kind: 'drop', when: 'after' });
        break;
      case 'hang':
        github.fault({ ...all, kind: 'hang' });
        break;
      case 'limit':
        github.fault({ ...all, kind: 'secondary-rate-limit', retryAfter: 1 });
        break;
      case 'babble':
        github.fault({ ...all, kind: 'malformed' });
        break;
    }
    await pause(fault.ms);
    github.clearFaults();
  }

  async function ofProcess({ kind, replica, ms }: FaultOf<'process'>): Promise<void> {
    const ended = replicas[replica] as Replica;
    await ended.end(kind === 'kill' ? 'SIGKILL' : 'SIGTERM');
    await pause(ms);
    await ended.start();
  }

  return {
    async inject(fault: Fault): Promise<void> {
      if (fault.on === 'redis') await ofRedis(fault);
      else if (fault.on === 'github') await ofGithub(fault);
      else await ofProcess(fault);
    },
    async mend(): Promise<void> {
      github.clearFaults();
      await look('no fault');
      for (const { url, name } of replicas)
        await until(async () => (await fetch(`${url}/readyz`)).status === 200, { what: `${name}`, timeout: 60_000 });
    },
  };
}
