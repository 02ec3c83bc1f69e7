// How long GitHub may take: each timeout is shorter than the timeout of the code or client that waits for it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TIMEOUTS } from '../../src/github/timeouts.ts';

/** Milliseconds after which MCP clients of both SDKs give up a call. */
const CLIENTS_GIVE_UP = 60_000;

describe('the timeouts for GitHub', () => {
  it('end well before those of MCP clients', () => {
    assert.ok(TIMEOUTS.answer < CLIENTS_GIVE_UP / 2);
    assert.ok(TIMEOUTS.call < TIMEOUTS.answer && TIMEOUTS.oauth < TIMEOUTS.refresh);
  });
});
