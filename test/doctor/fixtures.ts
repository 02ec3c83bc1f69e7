// What the tests of the doctor share: a bridge as `npm start` runs it, with the simulated GitHub, and what the doctor says
// about it. Each test breaks one thing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { examine, lineOf } from '../../src/doctor/doctor.ts';
import type { GithubBridge } from '../../src/github-bridge.ts';
import { type Ended, start } from '../programs.ts';
import type { StoreKind } from '../support/bridge.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { runBridge } from '../support/run-bridge.ts';

export const SECRETS = {
  GITHUB_CLIENT_SECRET: 'the-secret-of-the-app',
  BRIDGE_SECRET: 'the secret of this bridge that is long enough',
  GITHUB_WEBHOOK_SECRET: 'the secret of the webhook',
};
export const REDIS_PASSWORD = 'the-password-of-redis';

export type Environment = Record<string, string>;

/** What the doctor says, with the names of the checks that found a problem. Fails when a secret is printed. */
export async function doctor(
  env: Environment,
): Promise<{ well: boolean; lines: string[]; problems: string[]; text: string }> {
  const results = await examine(env);
  const lines = results.map(lineOf);
  const well = results.every(({ level }) => level !== 'problem');
  const text = lines.join('\n');
  for (const line of lines) assert.match(line, /^(?:ok {7}|warning {2}|problem {2})[\w /-]+: .+/);
  for (const secret of [...Object.values(SECRETS), REDIS_PASSWORD, env.GITHUB_CLIENT_SECRET ?? REDIS_PASSWORD])
    assert.ok(!text.includes(secret), 'a secret was printed');
  const problems = lines.flatMap((line) => /^problem {2}([\w /-]+):/.exec(line)?.[1] ?? []);
  assert.equal(well, problems.length === 0);
  return { well, lines, problems, text };
}

/** The parts that the doctor examines. */
export interface Setup {
  /** The environment of the bridge, in which the doctor finds no problem. */
  readonly env: Environment;
  readonly github: SimulatedGitHub;
  readonly redis: RedisServer | undefined;
  /** A folder of the suite. */
  readonly directory: string;
}

/** The parts of a suite: started before its tests, stopped after them. Its members can be read in tests and hooks only. */
export function useSetup(store: StoreKind): Setup {
  const directory = mkdtempSync(join(tmpdir(), 'doctor-test-'));
  let bridge: GithubBridge | undefined;
  let started: Setup | undefined;
  before(async () => {
    const port = await freePort();
    const publicUrl = `http://localhost:${port}`;
    const github = createSimulatedGitHub({
      apps: [
        {
          kind: 'oauth-app',
          name: 'Doctor',
          clientId: 'Ov23li-doctor',
          clientSecret: SECRETS.GITHUB_CLIENT_SECRET,
          callbackUrls: [`${publicUrl}/github/callback`],
        },
      ],
    });
    const redis =
      store === 'redis' ? await startRedis({ requirePass: REDIS_PASSWORD, args: ['--save', '60 1000'] }) : undefined;
    const env = {
      ...SECRETS,
      GITHUB_CLIENT_ID: 'Ov23li-doctor',
      GITHUB_URL: await github.listen(),
      PUBLIC_URL: publicUrl,
      PORT: String(port),
      DATA_DIR: join(directory, 'data'),
      ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    };
    started = { env, github, redis, directory };
    bridge = await runBridge(env);
  });
  after(async () => {
    await bridge?.close();
    await started?.github.close();
    await started?.redis?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const member = <Name extends keyof Setup>(name: Name): Setup[Name] => {
    if (started === undefined) throw new Error(`${name} was read before the bridge was started`);
    return started[name];
  };
  return {
    get env() {
      return member('env');
    },
    get github() {
      return member('github');
    },
    get redis() {
      return member('redis');
    },
    directory,
  };
}

/** Runs `npm run doctor` with this environment only. */
export function run(env: Environment, ...args: readonly string[]): Promise<Ended> {
  return start('doctor/main.ts', { PATH: process.env.PATH ?? '', ...env }, args).ended;
}
