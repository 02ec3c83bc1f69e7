// The table of settings. test/docs.test.ts compares it with both READMEs and docker-compose.yml; config.test.ts checks that every
// setting in it is read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NAMES, SETTINGS } from '../../src/config/settings.ts';

describe('the table of settings', () => {
  it('has each name once, other names and files of secrets included', () => {
    assert.equal(new Set(NAMES).size, NAMES.length);
    for (const name of ['PORT', 'MCP_GITHUB_CLIENT_ID', 'BRIDGE_SECRET_FILE', 'MCP_GITHUB_CLIENT_SECRET_FILE'])
      assert.ok(NAMES.includes(name), name);
    assert.ok(!NAMES.includes('PORT_FILE'), 'only a secret can be in a file');
  });

  it('says of each setting that holds a secret that it is one', () => {
    const secret = Object.keys(SETTINGS).filter((name) => /SECRET|^REDIS_URL$/.test(name));
    const marked = Object.entries(SETTINGS).flatMap(([name, row]) => (row.secret === true ? [name] : []));
    assert.deepEqual(
      secret.filter((name) => !marked.includes(name)),
      [],
    );
  });
});
