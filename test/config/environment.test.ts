// Reading the environment: a variable, another name of it, or a file for a secret; and what is reported about them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createReader, type Environment } from '../../src/config/environment.ts';

describe('a variable of the environment', () => {
  it('counts as not set when it is empty or blank', () => {
    const { has, read } = createReader({ DATA_DIR: '', LOG_LEVEL: '  ', PORT: ' 80 ' });
    assert.deepEqual(['DATA_DIR', 'LOG_LEVEL', 'PORT', 'HOST'].map(has), [false, false, true, false]);
    assert.equal(read('DATA_DIR'), './data');
    assert.equal(read('PORT'), 80);
  });

  it('is read under its other names, its own name first', () => {
    const other = { MCP_GITHUB_CLIENT_ID: 'other' };
    assert.equal(createReader(other).read('GITHUB_CLIENT_ID'), 'other');
    assert.equal(createReader({ ...other, GITHUB_CLIENT_ID: 'own' }).read('GITHUB_CLIENT_ID'), 'own');
  });

  it('is reported once for each problem, however often it is read, and its default counts', () => {
    const { read, complaints } = createReader({ ACCESS_TOKEN_TTL: 'soon' });
    assert.equal(read('ACCESS_TOKEN_TTL'), 3600);
    assert.equal(read('ACCESS_TOKEN_TTL'), 3600);
    assert.deepEqual(
      complaints.map(({ variable, problem }) => [variable, problem]),
      [['ACCESS_TOKEN_TTL', '"soon" is not a duration']],
    );
  });

  it('has its default as the remedy when its kind gives none', () => {
    const { read, complaints } = createReader({ PORT: 'many' });
    read('PORT');
    assert.deepEqual(complaints, [
      { variable: 'PORT', problem: '"many" is not a number from 0 to 65535', remedy: 'Leave it out for 8000.' },
    ]);
  });
});

describe('a secret in a file', () => {
  let scratch = '';
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'bridge-config-'));
    writeFileSync(join(scratch, 'secret'), 'from a file\n');
    writeFileSync(join(scratch, 'empty'), '\n');
  });
  after(() => rmSync(scratch, { recursive: true }));

  /** The client secret, and what is reported about it. */
  function clientSecret(env: Environment): { value: string | undefined; reported: string[] } {
    const { read, complaints } = createReader(env);
    const value = read('GITHUB_CLIENT_SECRET');
    return { value, reported: complaints.map(({ variable, problem }) => `${variable}: ${problem}`) };
  }
  const inFile = (name: string) => ({ GITHUB_CLIENT_SECRET_FILE: join(scratch, name) });

  it('is read from the file that NAME_FILE names', () => {
    const expected = { value: 'from a file', reported: [] };
    assert.deepEqual(clientSecret(inFile('secret')), expected);
    assert.deepEqual(clientSecret({ GITHUB_CLIENT_SECRET: '', ...inFile('secret') }), expected);
    assert.deepEqual(clientSecret({ MCP_GITHUB_CLIENT_SECRET_FILE: join(scratch, 'secret') }), expected);
  });

  it('is reported when it is set in the variable too', () => {
    assert.deepEqual(clientSecret({ GITHUB_CLIENT_SECRET: 'too', ...inFile('secret') }), {
      value: undefined,
      reported: ['GITHUB_CLIENT_SECRET: set together with GITHUB_CLIENT_SECRET_FILE'],
    });
  });

  it('is reported when the file is empty or cannot be read', () => {
    assert.deepEqual(clientSecret(inFile('empty')).reported, ['GITHUB_CLIENT_SECRET_FILE: the file is empty']);
    assert.deepEqual(clientSecret(inFile('none')).reported, [
      'GITHUB_CLIENT_SECRET_FILE: the file cannot be read (ENOENT)',
    ]);
  });

  it('is not looked for when the setting is no secret', () => {
    assert.equal(createReader({ LOG_LEVEL_FILE: join(scratch, 'secret') }).read('LOG_LEVEL'), 'info');
  });
});
