// The secret that is generated into DATA_DIR when none is given.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { withGeneratedSecret } from '../../src/config/generated-secret.ts';

describe('the generated secret', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-secret-'));
  });
  after(() => rmSync(scratch, { recursive: true }));
  const configure = (folder: string, env: Record<string, string> = {}) =>
    readConfig({ GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret', DATA_DIR: join(scratch, folder), ...env });

  it('is long and random, and the same at each start', () => {
    const config = configure('again');
    const [secret = ''] = withGeneratedSecret(config).secrets;
    assert.ok(Buffer.byteLength(secret) >= 48, secret);
    assert.deepEqual(withGeneratedSecret(config).secrets, [secret]);
    assert.notEqual(withGeneratedSecret(configure('another')).secrets[0], secret);
  });

  it('is in a file that only its owner may read, whatever mode the file had', () => {
    const [path, mode] = [
      join(scratch, 'mode', 'secret'),
      () => statSync(join(scratch, 'mode', 'secret')).mode & 0o777,
    ];
    withGeneratedSecret(configure('mode'));
    assert.equal(mode(), 0o600);
    assert.equal(statSync(join(scratch, 'mode')).mode & 0o777, 0o700);
    chmodSync(path, 0o644);
    withGeneratedSecret(configure('mode'));
    assert.equal(mode(), 0o600);
  });

  for (const content of ['', 'short\n'])
    it(`is never one of ${content.trim().length} bytes: such a file stops the start`, () => {
      const folder = `broken-${content.length}`;
      withGeneratedSecret(configure(folder));
      writeFileSync(join(scratch, folder, 'secret'), content);
      assert.throws(() => withGeneratedSecret(configure(folder)), /holds no secret\. Restore it from a copy/);
    });

  it('is not made when BRIDGE_SECRET is set', () => {
    const config = configure('given', { BRIDGE_SECRET: 'x'.repeat(32) });
    assert.equal(withGeneratedSecret(config), config);
    assert.throws(() => readFileSync(join(scratch, 'given', 'secret')), { code: 'ENOENT' });
  });
});
