// Ctrl-C, SIGTERM and SIGHUP while a command ends many sessions, and readers that go away: what has ended has ended whole, with its
// line in the audit trail; the answer says what that is; the store is closed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { readConfig } from '../../src/config/config.ts';
import { EventBus } from '../../src/observe/events.ts';
import { liveSession } from '../../src/store/conformance/fixtures.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { wire } from '../../src/wiring.ts';
import { type Ended, start, startProgram } from '../programs.ts';

const SESSIONS = 150;

describe('a command that is interrupted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-interrupted-'));
  let env: Record<string, string>;
  let github: SimulatedGitHub;
  /** The tag of the person whom `id:7` names. */
  let person: string;
  before(async () => {
    github = createSimulatedGitHub({ apps: [] });
    env = {
      GITHUB_CLIENT_ID: 'interrupted',
      GITHUB_CLIENT_SECRET: 'commands',
      GITHUB_URL: await github.listen(),
      BRIDGE_SECRET: 'a test secret that is long enough and no secret at all',
      DATA_DIR: folder,
    };
    person = await onStore(async (store) => {
      const bridge = await wire(readConfig(env), { store, events: new EventBus() });
      await bridge.close();
      return bridge.personTag(7);
    });
  });
  after(async () => {
    await github.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs a function on the store, which no other process has open. */
  async function onStore<T>(work: (store: ReturnType<typeof createSqliteStore>) => Promise<T>): Promise<T> {
    const store = createSqliteStore(folder);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
  /** Begins as many sessions as there are names, all of one client, each of another person or all of one. */
  const begin = (personOf: (index: number) => string) =>
    onStore((store) =>
      Promise.all(Array.from({ length: SESSIONS }, (_, index) => liveSession(store, personOf(index), `g${index}`))),
    );
  const audited = ({ stderr }: Ended) =>
    stderr.split('\n').flatMap((line) => {
      if (!line.startsWith('{')) return [];
      const { event, person, grant, audit, reason } = JSON.parse(line);
      if (event !== 'grant.ended') return [];
      assert.deepEqual([audit, reason], [true, 'administrator']);
      return [`${person}.${grant}`];
    });
  /** How many sessions are in the file of the database alone: what was written last is in another file until the store is closed. */
  function alive(): number {
    copyFileSync(join(folder, 'bridge.db'), join(folder, 'copy.db'));
    const copy = new DatabaseSync(join(folder, 'copy.db'));
    const count = copy.prepare('SELECT count(*) AS n FROM grants').get()?.n;
    copy.close();
    return Number(count);
  }
  /** Runs a command, and sends it a signal when the first session has ended. */
  async function interrupt(signal: NodeJS.Signals, ...args: string[]): Promise<Ended> {
    const command = start('admin/main.ts', env, args);
    await once(command.child.stderr ?? assert.fail(), 'data');
    command.child.kill(signal);
    return command.ended;
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    it(`stops between two sessions at ${signal}`, async () => {
      await begin((index) => `p${index}`);
      const stopped = await interrupt(signal, 'sessions', 'end', '--client', 'a client', '--yes', '--json');
      assert.equal(stopped.code, 130, stopped.stderr);
      const answer: { ended: string[]; stopped: boolean } = JSON.parse(stopped.stdout);
      assert.equal(answer.stopped, true);
      assert.ok(answer.ended.length > 0 && answer.ended.length < SESSIONS, `${answer.ended.length} ended`);
      assert.deepEqual(audited(stopped), answer.ended);
      assert.equal(alive(), SESSIONS - answer.ended.length);
      await onStore(({ sessions }) =>
        Promise.all(Array.from({ length: SESSIONS }, (_, index) => sessions.endAll(`p${index}`))),
      );
    });

  it('ends a person whole', async () => {
    await begin(() => person);
    const ended = await interrupt('SIGTERM', 'people', 'end', 'id:7', '--yes', '--json');
    assert.deepEqual([ended.code, JSON.parse(ended.stdout).ended], [130, SESSIONS], ended.stderr);
    assert.equal(new Set(audited(ended)).size, SESSIONS);
    assert.equal(alive(), 0);
  });

  it('ends all when nobody reads what it says', async () => {
    await begin((index) => `p${index}`);
    const program = fileURLToPath(new URL('../../src/admin/main.ts', import.meta.url));
    const line = [process.execPath, program, 'sessions', 'end', '--client', 'a client', '--yes'];
    const script = 'set -o pipefail; "$@" 2>&1 | head -c 1';
    const options = { cwd: folder, env: { ...env, PATH: process.env.PATH ?? '' } };
    const unread = await startProgram('bash', ['-c', script, 'bash', ...line], options).ended;
    assert.deepEqual([unread.code, unread.stdout.length], [0, 1]);
    assert.equal(alive(), 0);
  });
});
