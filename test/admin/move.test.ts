// `export`, `import` and `backup`: 10,000 sessions go from SQLite to Redis and back, losing nothing, and are used there.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SimulatedGitHub } from '../../demo/github/index.ts';
import { newSession, presentation } from '../../src/store/conformance/fixtures.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { start, startProgram } from '../programs.ts';
import {
  callTool,
  connect,
  refreshing,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { runBridge } from '../support/run-bridge.ts';
import { simulatedApp } from '../support/simulated-app.ts';
import { until } from '../support/until.ts';
import { startAdmin, withoutProgress } from './program.ts';

const PEOPLE = 5000;

describe('moving a store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-move-'));
  const at = (name: string) => join(folder, name);
  const connected: { client: TestClient; tokens: Tokens }[] = [];
  let env: Record<string, string>;
  let url: string;
  let github: SimulatedGitHub;
  let redis: RedisServer;
  before(async () => {
    const app = await simulatedApp();
    ({ url, github } = app);
    redis = await startRedis();
    env = {
      ...app.env,
      BRIDGE_SECRET: 'a test secret that is long enough and no secret at all',
      LOG_LEVEL: 'silent',
    };
    const bridge = await runBridge({ ...env, DATA_DIR: at('one') });
    for (const login of ['octocat', 'hubot']) {
      const { client, tokens } = await connect(url, { login });
      connected.push({ client, tokens: tokensOf(await tokenRequest(url, refreshing(client, tokens.refresh_token))) });
    }
    await bridge.close();

    const store = createSqliteStore(at('one'));
    const sessions = Array.from({ length: 2 * PEOPLE }, (_, index) => [`p${index % PEOPLE}`, `g${index}`] as const);
    await Promise.all(
      sessions.map(async ([person, grant]) => {
        await store.sessions.begin(newSession(person, grant));
        const { outcome } = await store.sessions.redeem({ person, grant }, presentation(grant), 86_400, 'hash-of-r1');
        assert.equal(outcome, 'redeemed');
      }),
    );
    await store.close();
  });
  after(async () => {
    await Promise.all([github.close(), redis.stop()]);
    rmSync(folder, { recursive: true });
  });

  const admin = (place: Record<string, string>, ...args: string[]) => startAdmin({ ...env, ...place }, args).ended;
  const succeeds = async (place: Record<string, string>, ...args: string[]) => {
    const { code, stdout, stderr } = await admin(place, ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const recordsIn = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(1, -1).sort();
  const one = () => ({ DATA_DIR: at('one') });
  const inRedis = () => ({ REDIS_URL: redis.url });

  /** Serves from a store, and lets one client refresh and call. */
  async function useSession(place: Record<string, string>, index: number) {
    const bridge = await runBridge({ ...env, ...place });
    const { client, tokens } = connected[index] ?? assert.fail();
    const refreshed = tokensOf(await tokenRequest(url, refreshing(client, tokens.refresh_token)));
    assert.equal((await callTool(url, refreshed.access_token, 'get_auth_status')).status, 200);
    await bridge.close();
  }

  it('takes 10,000 sessions from SQLite to Redis and back; what was moved is equal, and works', async () => {
    const all = `${PEOPLE + 2} people with ${2 * PEOPLE + 2} sessions, 2 clients, `;
    assert.ok((await succeeds(one(), 'export', at('a'))).startsWith(`Exported ${all}`));
    assert.equal(statSync(at('a')).mode & 0o777, 0o600);
    assert.ok((await succeeds(inRedis(), 'import', at('a'))).startsWith(`Imported ${all}`));
    await succeeds(inRedis(), 'export', at('b'));
    assert.deepEqual(recordsIn(at('b')), recordsIn(at('a')));
    await succeeds({ DATA_DIR: at('two') }, 'import', at('b'));
    await succeeds({ DATA_DIR: at('two') }, 'export', at('c'));
    assert.deepEqual(recordsIn(at('c')), recordsIn(at('a')));
    assert.ok(!readFileSync(at('a'), 'utf8').includes('gho_'), 'GitHub tokens stay sealed');
    await useSession(inRedis(), 0);
    await useSession({ DATA_DIR: at('two') }, 1);
  });

  it('overwrites no file, and replaces nothing in a store that is not empty', async () => {
    const before = readFileSync(at('a'), 'utf8');
    const again = await admin(one(), 'export', at('a'));
    assert.deepEqual(
      [again.code, again.stderr],
      [2, `${at('a')} is there already, and is not overwritten: name another file\n`],
    );
    assert.equal(readFileSync(at('a'), 'utf8'), before);
    const full = await admin({ DATA_DIR: at('two') }, 'import', at('a'));
    assert.equal(full.code, 2);
    assert.match(full.stderr, /^the store is not empty, and nothing in it is replaced: name an empty one/);
  });

  it('refuses a file that is cut, edited, of another secret or GitHub, or no export, and makes no store', async () => {
    const lines = readFileSync(at('a'), 'utf8').trimEnd().split('\n');
    const write = (name: string, text: readonly string[]) => {
      writeFileSync(at(name), `${text.join('\n')}\n`);
      return at(name);
    };
    const edited = lines.with(
      20,
      lines[20]?.replace('"used":true', '"used":false').replace('hash-of-r1', 'hash-of-r9') ?? '',
    );
    const cases: [string, string, RegExp, Record<string, string>?][] = [
      [
        'cut',
        write('cut', lines.slice(0, -1)),
        /line \d+: the file is cut off: the last line with the counts is missing/,
      ],
      ['edited', write('edited', edited), /line \d+: the file was changed after it was exported/],
      ['no JSON', write('broken', lines.with(7, 'nonsense')), /line 8: no record of an export/],
      ['no export', write('other', ['nonsense']), /line 1: no header of an export/],
      ['more', write('more', [...lines, lines[7] ?? '']), /line \d+: there is more after the last line of the export/],
      [
        'newer',
        write('newer', lines.with(0, lines[0]?.replace('"formatVersion":1', '"formatVersion":2') ?? '')),
        /line 1: written by version .* newer/,
      ],
      ['missing', at('missing'), /cannot be read \(ENOENT\)/],
      [
        'secret',
        at('a'),
        /BRIDGE_SECRET: not the one under which/,
        { BRIDGE_SECRET: 'another secret that is long enough as well, I hope'.replace(',', '') },
      ],
      [
        'GitHub',
        at('a'),
        /GITHUB_URL: http:\/\/127\.0\.0\.1:1, and \S+ holds tokens of/,
        { GITHUB_URL: 'http://127.0.0.1:1' },
      ],
      ['standard input', '-', /name a FILE/],
    ];
    for (const [name, file, message, more = {}] of cases) {
      const place = { DATA_DIR: at(`none-${name}`), ...more };
      const { code, stdout, stderr } = await admin(place, 'import', file);
      assert.deepEqual([name, code, stdout], [name, 2, '']);
      assert.match(stderr, message);
      assert.equal(stderr.split('\n').length, 2, stderr);
      assert.equal(existsSync(join(place.DATA_DIR, 'bridge.db')), false);
    }
  });

  it('refuses a file with a line that is longer than any record, without reading all of it', async () => {
    // It has no bytes on the disk.
    writeFileSync(at('endless'), '{');
    truncateSync(at('endless'), 2 ** 27);
    const { code, stderr } = await admin({ DATA_DIR: at('none') }, 'import', at('endless'));
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^\S+endless: has a line of more than 64 MB\. Nothing was imported; name a file that "export" has/,
    );
  });

  it('removes an export that is interrupted, and completes an import that was', async () => {
    const stopped = startAdmin({ ...env, ...one() }, ['export', at('stopped')]);
    await until(() => existsSync(at('stopped')), { what: 'the file', interval: 1 });
    stopped.child.kill('SIGINT');
    const { code, stderr } = await stopped.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /^stopped after \d+ of \d+ people; .* was removed\n$/);
    assert.equal(existsSync(at('stopped')), false);

    const place = { DATA_DIR: at('three') };
    const importing = startAdmin({ ...env, ...place }, ['import', at('a')]);
    await until(() => existsSync(at('three/bridge.db-wal')) && statSync(at('three/bridge.db-wal')).size > 1_000_000, {
      what: 'the import to write',
      interval: 1,
    });
    importing.child.kill('SIGTERM');
    const half = await importing.ended;
    assert.equal(half.code, 130, half.stderr);
    assert.match(half.stderr, /^stopped after \d+ of \d+ people; the same command again completes it/m);
    for (const [program, args] of [
      ['main.ts', []],
      ['admin/main.ts', ['stats']],
    ] as const) {
      const refused = await start(program, { ...env, ...place }, args).ended;
      assert.equal(refused.code, 2, program);
      assert.match(
        refused.stderr,
        /DATA_DIR: a store into which an import is not finished\. Complete it with the same/,
      );
    }
    const other = await admin(place, 'import', at('b'));
    assert.equal(other.code, 2);
    assert.match(other.stderr, /another file was imported into this store and not completed/);
    await succeeds(place, 'import', at('a'));
    await succeeds(place, 'export', at('d'));
    assert.deepEqual(recordsIn(at('d')), recordsIn(at('a')));
  });

  it('notices a file that changes while it is imported', async () => {
    copyFileSync(at('a'), at('changing'));
    const place = { DATA_DIR: at('four') };
    const importing = startAdmin({ ...env, ...place }, ['import', at('changing')]);
    await until(() => existsSync(at('four/bridge.db-wal')) && statSync(at('four/bridge.db-wal')).size > 1_000_000, {
      what: 'the import to write',
      interval: 1,
    });
    truncateSync(at('changing'), statSync(at('changing')).size - 100);
    const { code, stderr } = await importing.ended;
    assert.deepEqual([code, stderr.split('\n').length], [2, 2], stderr);
    assert.match(
      stderr,
      /changing: the file was changed while it was imported, and some of it is in the store\. Empty/,
    );
    assert.equal((await admin(place, 'stats')).code, 2, 'and the store is not served');
  });

  it('says where an export to standard output stopped, when the terminal is gone and when nobody reads it', async () => {
    const stopped = startAdmin({ ...env, ...one() }, ['export', '-']);
    await once(stopped.child.stdout ?? assert.fail(), 'data');
    stopped.child.kill('SIGHUP');
    const { code, stdout, stderr } = await stopped.ended;
    assert.equal(code, 130, stderr);
    assert.match(
      stderr,
      /^stopped after \d+ of \d+ people; what was written has no last line, so "import" refuses it\n$/,
    );
    assert.ok(!stdout.includes('"type":"end"'));

    const command = [
      process.execPath,
      fileURLToPath(new URL('../../src/admin/main.ts', import.meta.url)),
      'export',
      '-',
    ];
    const options = { cwd: folder, env: { ...env, ...one(), PATH: process.env.PATH ?? '' } };
    const unread = withoutProgress(
      await startProgram('bash', ['-c', 'set -o pipefail; "$@" | head -c 1', 'bash', ...command], options).ended,
    );
    assert.equal(unread.code, 1, unread.stderr);
    assert.equal(
      unread.stderr,
      'standard output was closed; what was written has no last line, so "import" refuses it\n',
    );
  });

  it('leaves a database whole that "backup" is told to write to, and the files beside it', async () => {
    const store = createSqliteStore(at('one'), { serving: false });
    await store.consents.remember('kept', 'k', 86_400);
    const beside = () => readdirSync(at('one')).filter((name) => name.startsWith('bridge.db'));
    const before = beside();
    assert.ok(before.includes('bridge.db-wal'));
    const { code, stderr } = await admin(one(), 'backup', at('one/bridge.db'));
    assert.deepEqual([code, stderr.includes('is there already, and is not overwritten')], [2, true]);
    assert.deepEqual(beside(), before);
    await store.close();
  });

  it('copies the SQLite database while a bridge writes to it, and opens the copy', async () => {
    const bridge = await runBridge({ ...env, ...one() });
    let writing = true;
    let written = 0;
    const writer = (async () => {
      for (; writing; written++) {
        await bridge.store.consents.remember(`w${written}`, 'k', 86_400);
        await delay(2);
      }
    })();
    const { code, stdout, stderr } = await admin(one(), 'backup', at('copy.db'));
    writing = false;
    await writer;
    await bridge.close();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Copied the database to \S+, and checked the copy\./);
    assert.ok(written > 10);
    assert.equal(statSync(at('copy.db')).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('copy.db')),
      ['copy.db'],
    );
    mkdirSync(at('restored'));
    copyFileSync(at('copy.db'), at('restored/bridge.db'));
    const copy = new DatabaseSync(at('copy.db'));
    assert.equal(copy.prepare('SELECT count(*) AS n FROM grants').get()?.n, 2 * PEOPLE + 2);
    copy.close();
    await useSession({ DATA_DIR: at('restored') }, 0);
    const refused = await admin(inRedis(), 'backup', at('copy2.db'));
    assert.deepEqual([refused.code, existsSync(at('copy2.db'))], [2, false]);
    assert.match(refused.stderr, /^backup is for SQLite: let Redis write its own file/);
  });

  it('removes a copy of the database that is interrupted', async () => {
    mkdirSync(at('large'));
    copyFileSync(at('copy.db'), at('large/bridge.db'));
    const padded = new DatabaseSync(at('large/bridge.db'));
    padded.exec('CREATE TABLE padding (bytes BLOB); INSERT INTO padding VALUES (zeroblob(200000000))');
    padded.close();
    const copying = startAdmin({ ...env, DATA_DIR: at('large') }, ['backup', at('half.db')]);
    await until(() => existsSync(at('half.db')), { what: 'the copy', interval: 1 });
    copying.child.kill('SIGTERM');
    const { code, stdout, stderr } = await copying.ended;
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(stderr, /^stopped while the database was copied; \S+ was removed\n$/);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('half.db')),
      [],
    );
  });
});
