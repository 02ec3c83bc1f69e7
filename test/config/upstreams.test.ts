// MCP servers behind the bridge: where each is served.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { upstreamPath } from '../../src/config/upstreams.ts';

describe('the path of an MCP server', () => {
  it('has its name; without one it takes the place of the built-in tools', () => {
    assert.equal(upstreamPath({ name: 'github' }), '/mcp/github');
    assert.equal(upstreamPath({}), '/mcp');
  });
});
