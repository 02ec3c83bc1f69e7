// A store that a newer version of this program has migrated: the start, the doctor and the admin command refuse it in one
// line, and change nothing in it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { liveSession } from '../../src/store/conformance/fixtures.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { start } from '../programs.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

describe('a store of a newer version', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-newer-'));
  let redis: RedisServer;
  before(async () => {
    const sqlite = createSqliteStore(folder);
    await liveSession(sqlite, 'p', 'g');
    await sqlite.close();
    const database = new DatabaseSync(join(folder, 'bridge.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();

    redis = await startRedis();
    const store = createRedisStore(redis.url);
    await liveSession(store, 'p', 'g');
    await store.close();
    await redis.cli('hset', 'mgb:doc:schema', 'version', '99');
  });
  after(async () => {
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  const inSqlite = () => {
    const database = new DatabaseSync(join(folder, 'bridge.db'), { readOnly: true });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const rows = tables.map(({ name }) => database.prepare(`SELECT * FROM ${name}`).all());
    database.close();
    return rows;
  };
  const inRedis = async () => {
    const client = new Redis(redis.url);
    const keys = (await client.keys('*')).sort();
    const values = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
    client.disconnect();
    return { keys, values };
  };

  const programs = [
    ['main.ts', 2],
    // The doctor ends with 1 for every problem that it finds in a system.
    ['doctor/main.ts', 1],
    ['admin/main.ts', 2],
  ] as const;
  for (const [program, exitCode] of programs)
    for (const kind of ['sqlite', 'redis'] as const)
      it(`is refused by ${program}, on ${kind}`, async () => {
        const contents = kind === 'sqlite' ? inSqlite : inRedis;
        const before = await contents();
        const env = {
          GITHUB_CLIENT_ID: 'x',
          GITHUB_CLIENT_SECRET: 'y',
          GITHUB_URL: `http://127.0.0.1:${await freePort()}`,
          BRIDGE_SECRET: 'a test secret that is long enough and no secret at all',
          PORT: String(await freePort()),
          ...(kind === 'sqlite' ? { DATA_DIR: folder } : { REDIS_URL: redis.url }),
        };
        const { code, stdout, stderr } = await start(program, env, program === 'admin/main.ts' ? ['stats'] : []).ended;
        assert.equal(code, exitCode, stdout + stderr);
        const [setting, what] =
          kind === 'sqlite' ? ['DATA_DIR', join(folder, 'bridge.db')] : ['REDIS_URL', 'what Redis holds'];
        const known = /this one knows (\d+)/.exec(stdout + stderr)?.[1];
        const message =
          `${setting}: ${what} was written by a newer version of this program (schema 99; this one knows ${known}). ` +
          'Run that version, or restore a backup from before the upgrade.\n';
        assert.ok((stdout + stderr).includes(message), stdout + stderr);
        assert.deepEqual(await contents(), before);
      });
});
