// A directory that only its owner may enter.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPrivateDirectory } from '../../src/base/private-directory.ts';

describe('createPrivateDirectory', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-directory-'));
  });
  after(() => rmSync(scratch, { recursive: true }));
  const mode = (path: string) => statSync(path).mode & 0o777;

  it('creates a directory and its parents for their owner alone', () => {
    createPrivateDirectory(join(scratch, 'one', 'two'));
    assert.deepEqual([mode(join(scratch, 'one')), mode(join(scratch, 'one', 'two'))], [0o700, 0o700]);
  });

  it('leaves a directory that exists as it is', () => {
    mkdirSync(join(scratch, 'open'), { mode: 0o755 });
    createPrivateDirectory(join(scratch, 'open'));
    assert.equal(mode(join(scratch, 'open')), 0o755);
  });

  it('names the directory that the system does not create, and returns', () => {
    assert.throws(
      () => createPrivateDirectory('/proc/nope/deeper'),
      /the directory \/proc\/nope cannot be created \(E/,
    );
  });
});
