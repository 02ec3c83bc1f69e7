// The tag of a person: one for each numeric id at one GitHub, whichever replica computes it, also after a rotation of the
// secret.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPersonTag } from '../../src/github/person.ts';
import { createSecrets, SealBroken } from '../../src/security/secrets.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

const [OLD, NEW] = ['the secret of last year is long enough', 'the secret of this year is long enough'];
const GITHUB = 'https://github.com';

describe('the tag of a person', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-person-'));
  let store: Store;
  before(() => {
    store = createSqliteStore(directory);
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  const tagUnder = (secrets: string[], url = GITHUB) => createPersonTag(store.shared, createSecrets(secrets), url);

  it('is the same at all replicas, also when they all start at once with an empty store', async () => {
    const tags = await Promise.all(Array.from({ length: 8 }, () => tagUnder([OLD])));
    assert.equal(new Set(tags.map((tag) => tag(1))).size, 1);
  });

  it('is another one for another id and at another GitHub, and does not contain the id', async () => {
    const [here, elsewhere] = [await tagUnder([OLD]), await tagUnder([OLD], 'https://github.example.com')];
    assert.equal(new Set([here(1), here(2), here(12), elsewhere(1)]).size, 4);
    assert.match(here(583_231), /^[\w-]{16}$/);
    assert.ok(!here(583_231).includes('583231'));
  });

  it('stays when the secret is rotated, until only the newest secret is left', async () => {
    const before = (await tagUnder([OLD]))(1);
    await assert.rejects(tagUnder([NEW]), SealBroken);
    assert.equal((await tagUnder([NEW, OLD]))(1), before);
    assert.equal((await tagUnder([NEW]))(1), before);
  });
});
