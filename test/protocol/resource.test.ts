// How resource identifiers are compared (RFC 8707 section 2), with the differences that clients make (docs/clients.md).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { comparableResource } from '../../src/protocol/resource.ts';

describe('comparableResource', () => {
  it('makes one of identifiers that differ in host case, a slash at the end, a query or a default port', () => {
    for (const same of [
      'https://API.example.com/mcp',
      'https://api.example.com/mcp/',
      'https://api.example.com:443/mcp?a=b',
    ])
      assert.equal(comparableResource(same), 'https://api.example.com/mcp', same);
  });

  it('keeps apart identifiers that differ in scheme, host, port or path', () => {
    const others = ['http://api.example.com/mcp', 'https://api.example.org/mcp', 'https://api.example.com:8443/mcp'];
    const all = [...others, 'https://api.example.com/MCP', 'https://api.example.com/mcp'].map(comparableResource);
    assert.equal(new Set(all).size, all.length);
  });

  it('gives nothing for what cannot be a resource identifier', () => {
    for (const text of ['', 'mcp', 'https://api.example.com/#x', 'https://user@api.example.com/', '//api.example.com'])
      assert.equal(comparableResource(text), '', text);
  });
});
