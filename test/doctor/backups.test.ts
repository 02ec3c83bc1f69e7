// What the doctor says about backups, and about the file of the SQLite database.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { checkBackups, checkDatabase } from '../../src/doctor/backups.ts';
import { liveSession } from '../../src/store/conformance/fixtures.ts';
import { noteBackup } from '../../src/store/last-backup.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const DAY = 86_400;

describe('the doctor on backups', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-backups-'));
  after(() => rmSync(folder, { recursive: true }));

  it('warns when none was made, or the last one is older than a week, if there are sessions', async () => {
    const store = createSqliteStore(join(folder, 'one'));
    assert.deepEqual(await checkBackups(store, 0), []);
    await liveSession(store, 'p', 'g');
    const said = async (now: number) => JSON.stringify(await checkBackups(store, now));
    assert.match(await said(0), /"warning":"none was made: .*backup FILE/);
    await noteBackup(store.shared, 'export', 1_000_000);
    await noteBackup(store.shared, 'backup', 2_000_000);
    assert.match(await said(2_000_000 + 60), /"ok":"the last one \(\\"backup\\"\) was made today"/);
    assert.match(await said(2_000_000 + 7 * DAY), /"ok":.* 7 days ago"/);
    assert.match(
      await said(2_000_000 + 8 * DAY),
      /"warning":.* 8 days ago: see why the job that makes them has stopped/,
    );
    await store.close();
  });

  it('finds a page of the database that was overwritten', async () => {
    const place = join(folder, 'two');
    const store = createSqliteStore(place);
    for (let index = 0; index < 100; index++) await liveSession(store, `p${index}`, 'g');
    await store.close();
    assert.deepEqual(checkDatabase(place), [{ check: 'database', ok: 'the file is whole' }]);
    const file = join(place, 'bridge.db');
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 4096 * 20, 4096 * 40);
    writeFileSync(file, bytes);
    const [finding] = checkDatabase(place);
    assert.ok(finding !== undefined && 'problem' in finding);
    assert.match(finding.problem, /^bridge\.db in \S+ is damaged \(/);
  });
});
