// Schemes that no client may redirect to. test/threats/redirects.test.ts has the attacks (threat 8).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DANGEROUS_SCHEMES, SCRIPT_SCHEMES } from '../../src/security/schemes.ts';

const RUN_OR_READ = ['javascript', 'data', 'vbscript', 'file', 'blob', 'about', 'view-source', 'filesystem'];
const OF_THE_WEB = ['http', 'https', 'ws', 'wss', 'ftp', 'mailto', 'tel'];

describe('dangerous schemes', () => {
  it('are those that run or read something here, and those of the web, mail and telephone', () => {
    assert.deepEqual([...SCRIPT_SCHEMES].sort(), RUN_OR_READ.toSorted());
    assert.deepEqual([...DANGEROUS_SCHEMES].sort(), [...RUN_OR_READ, ...OF_THE_WEB].sort());
  });

  it('are written as a parsed URL spells them', () => {
    for (const scheme of DANGEROUS_SCHEMES)
      assert.equal(new URL(`${scheme.toUpperCase()}://host/x`).protocol, `${scheme}:`);
  });
});
