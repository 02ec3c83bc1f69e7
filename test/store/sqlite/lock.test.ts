// The lock of the process that serves from a directory.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { StoreInUse } from '../../../src/store/sqlite/lock.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';

describe('a directory with an embedded store', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  /** Starts another process that serves from `directory`. */
  async function otherServer(directory: string) {
    const file = new URL('../../../src/store/sqlite/sqlite-store.ts', import.meta.url).href;
    const program = `
      const { createSqliteStore } = await import(${JSON.stringify(file)});
      globalThis.store = createSqliteStore(${JSON.stringify(directory)});
      console.log('serving');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  it('is locked by one serving process, and unlocked when that is killed', async (context) => {
    const directory = join(scratch, 'held');
    const child = await otherServer(directory);
    context.after(() => child.kill('SIGKILL'));
    assert.throws(
      () => createSqliteStore(directory),
      (error: unknown) =>
        error instanceof StoreInUse && error.message.includes(directory) && /REDIS_URL/.test(error.message),
    );
    const admin = createSqliteStore(directory, { serving: false });
    assert.deepEqual(await admin.sessions.people('', 1), []);
    await admin.close();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = createSqliteStore(directory);
    await store.close();
    await createSqliteStore(directory).close();
  });

  it('stays locked when the same process tries to open it again', async (context) => {
    const directory = join(scratch, 'twice');
    const store = createSqliteStore(directory);
    context.after(() => store.close());
    assert.throws(() => createSqliteStore(directory), StoreInUse);
    const file = new URL('../../../src/store/sqlite/sqlite-store.ts', import.meta.url).href;
    const program = `
      const { createSqliteStore } = await import(${JSON.stringify(file)});
      createSqliteStore(${JSON.stringify(directory)});`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    assert.match(said, /StoreInUse/);
  });
});
