// The tables of the embedded store, and their migrations.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { liveSession } from '../../../src/store/conformance/fixtures.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

describe('a database of the embedded store', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  it('is refused when it is of a newer version', () => {
    const directory = join(scratch, 'newer');
    createSqliteStore(directory).close();
    const database = new DatabaseSync(join(directory, 'bridge.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    assert.throws(() => createSqliteStore(directory), /newer version/);
  });

  it('on a full disk is refused for that reason', { skip: process.platform === 'win32' }, async () => {
    const program = `
      import { DatabaseSync } from 'node:sqlite';
      import { migrate } from ${JSON.stringify(new URL('../../../src/store/sqlite/schema.ts', import.meta.url))};
      const database = new DatabaseSync(process.argv[1]);
      database.exec('PRAGMA journal_mode = WAL');
      migrate(database, 'full.db');`;
    // A limit on the size of files stands for the disk: SQLite then rolls back by itself.
    const limited = `trap '' XFSZ; ulimit -f 80; exec "$0" --input-type=module -e "$1" "$2"`;
    const args = ['-c', limited, process.execPath, program, join(scratch, 'full.db')];
    await assert.rejects(promisify(execFile)('sh', args), /Error: disk I\/O error/);
  });

  it('of an older version is migrated: sessions stay, logins under way are deleted', async () => {
    const directory = join(scratch, 'older');
    const store = createSqliteStore(directory);
    const session = await liveSession(store, 'p', 'g');
    await store.close();
    const database = new DatabaseSync(join(directory, 'bridge.db'));
    database.exec(`
      DROP TABLE blocks;
      DROP INDEX people_by_login;
      ALTER TABLE people DROP COLUMN github_id;
      ALTER TABLE people DROP COLUMN login;
      ALTER TABLE people DROP COLUMN created_at;
      ALTER TABLE people DROP COLUMN last_used_at;
      DROP TABLE stories;
      DROP INDEX grants_by_client;
      ALTER TABLE grants DROP COLUMN client_name;
      ALTER TABLE grants DROP COLUMN server;
      ALTER TABLE credentials DROP COLUMN reset_due;
      DROP INDEX revocations_by_age;
      ALTER TABLE revocations DROP COLUMN added_at;
      INSERT INTO revocations (person, id, credential, app_client_id, sealed_tokens) VALUES ('q', 'r', 'c', 'a', 's');
      CREATE TABLE shared_values (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO logins (id, record, consent_hash, expires_at) VALUES ('old', '{"request":{}}', 'hash', 4102444800);
      PRAGMA user_version = 1`);
    database.close();
    const migrated = createSqliteStore(directory);
    assert.deepEqual(await migrated.sessions.read(session.grant.ref), session);
    assert.equal(await migrated.logins.decide('old', 'hash', 'deny'), 'unknown');
    const [entry] = await migrated.directory.people({ sort: 'login', app: 'a client', limit: 10 });
    assert.deepEqual([entry?.login, entry?.githubId, entry?.createdAt], ['octocat', 583231, session.grant.createdAt]);
    assert.equal((await migrated.directory.people({ sort: 'login', app: 'mcp.example', limit: 10 })).length, 1);
    const { revocations, oldestRevocation } = await migrated.counts();
    assert.equal(revocations, 1);
    assert.ok(oldestRevocation < 3600, 'a pending revocation counts as added at the migration');
    await migrated.close();
    const after = new DatabaseSync(join(directory, 'bridge.db'));
    assert.deepEqual(after.prepare("SELECT name FROM sqlite_schema WHERE name = 'shared_values'").all(), []);
    after.close();
  });
});
