// Which headers pass, and which never do; hostile names in both directions. End to end: test/threats/gateway-passing.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { requestHeaders, responseHeaders } from '../../src/gateway/headers.ts';
import { RUNS } from '../oauth/addresses.ts';

const one = (name: string, value: string | string[] = 'x') => ({ [name]: value }) as Record<string, string>;

describe('a request to an MCP server', () => {
  const passed = (name: string, value?: string) => requestHeaders(one(name, value), {})[name];

  for (const name of [
    'accept',
    'accept-language',
    'content-type',
    'last-event-id',
    'traceparent',
    'tracestate',
    'user-agent',
    'mcp-protocol-version',
    'mcp-method',
    'mcp-name',
    'mcp-param-region',
    'mcp-whatever-comes',
    'x-mcp-toolsets',
    'x-mcp-readonly',
  ])
    it(`has the client's ${name}`, () => assert.equal(passed(name), 'x'));

  for (const name of [
    'authorization',
    'cookie',
    'set-cookie',
    'origin',
    'referer',
    'host',
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-real-ip',
    'via',
    'x-github-token',
    'x-api-key',
    'proxy-authorization',
    'proxy-connection',
    'connection',
    'keep-alive',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'content-length',
    'content-encoding',
    'expect',
    'baggage',
    'x-http-method-override',
    'sec-fetch-site',
    'mcp-session-id',
    'mcp-session_id',
    'mcp_session_id',
    'x-mcp_readonly',
    'x_mcp_readonly',
    'mcp-session-id ',
    'mcp',
    'mcpx',
    'x-mcp',
    '__proto__',
    'constructor',
    'mcp-\u017fession-id',
  ])
    it(`never has ${JSON.stringify(name)}`, () => assert.ok(!Object.hasOwn(requestHeaders(one(name), {}), name)));

  it('asks for an answer that is not compressed, whatever the client accepts', () => {
    assert.deepEqual(requestHeaders({ 'accept-encoding': 'gzip' }, {}), { 'accept-encoding': 'identity' });
  });

  it('has no header that Connection names, which is for one hop only', () => {
    const headers = requestHeaders(
      { connection: 'close, Mcp-Hop,user-agent', 'mcp-hop': 'x', 'user-agent': 'x', accept: 'x' },
      {},
    );
    assert.deepEqual(headers, { accept: 'x', 'accept-encoding': 'identity' });
  });

  it("has the operator's headers in place of the client's", () => {
    const headers = requestHeaders({ 'user-agent': 'client', accept: 'x' }, { 'user-agent': 'operator', 'x-own': 'y' });
    assert.deepEqual(headers, { accept: 'x', 'user-agent': 'operator', 'x-own': 'y', 'accept-encoding': 'identity' });
  });

  it("has none of the client's x-mcp-* once one is fixed, because GitHub's server adds them up", () => {
    const client = {
      'x-mcp-toolsets': 'all',
      'x-mcp-tools': 'delete_file',
      'x-mcp-readonly': 'false',
      'mcp-method': 'x',
    };
    assert.deepEqual(requestHeaders(client, { 'x-mcp-toolsets': 'issues' }), {
      'mcp-method': 'x',
      'x-mcp-toolsets': 'issues',
      'accept-encoding': 'identity',
    });
    assert.equal(requestHeaders(client, { 'x-own': 'y' })['x-mcp-toolsets'], 'all');
  });
});

describe('an answer to a client', () => {
  for (const name of [
    'content-type',
    'content-language',
    'cache-control',
    'retry-after',
    'allow',
    'mcp-protocol-version',
    'x-mcp-anything',
    'x-github-request-id',
    'x-ratelimit-remaining',
  ])
    it(`has the server's ${name}`, () => assert.deepEqual(responseHeaders(one(name)), one(name)));

  for (const name of [
    'set-cookie',
    'vary',
    'www-authenticate',
    'authorization',
    'proxy-authenticate',
    'access-control-allow-origin',
    'access-control-expose-headers',
    'location',
    'refresh',
    'link',
    'content-security-policy',
    'strict-transport-security',
    'clear-site-data',
    'alt-svc',
    'server',
    'date',
    'etag',
    'expires',
    'cdn-cache-control',
    'surrogate-control',
    'x-oauth-scopes',
    'x-accepted-oauth-scopes',
    'connection',
    'keep-alive',
    'transfer-encoding',
    'upgrade',
    'trailer',
    'content-length',
    'content-encoding',
    'mcp-session-id',
    'mcp-session_id',
    'x-github_x',
    '__proto__',
  ])
    it(`never has ${name}`, () => assert.deepEqual(responseHeaders(one(name)), {}));

  it('has no header that Connection names', () => {
    assert.deepEqual(responseHeaders({ connection: 'Mcp-Hop', 'mcp-hop': 'x', allow: 'GET' }), { allow: 'GET' });
  });

  for (const [value, expected] of [
    ['no-store', 'no-store'],
    ['private, max-age=60', 'private, max-age=60'],
    ['max-age=60', 'max-age=60'],
    ['public', 'no-store'],
    ['max-age=60,PUBLIC', 'no-store'],
    ['public;max-age=60', 'no-store'],
    ['s-maxage = 60', 'no-store'],
    ['max-age=60, must-revalidate', 'no-store'],
    ['proxy-revalidate', 'no-store'],
    [['max-age=60', 'public'], 'no-store'],
    [['max-age=60', 'private'], 'max-age=60, private'],
  ] as const)
    it(`is kept by no shared cache: ${value}`, () => {
      assert.equal(responseHeaders(one('cache-control', value as string))['cache-control'], expected);
    });
});

describe('an answer that differs by headers of the request', () => {
  it('is kept by no cache, because Vary does not pass (RFC 9111 section 4.1)', () => {
    const answer = { vary: 'Mcp-Session-Id', 'cache-control': 'private, max-age=60' };
    assert.deepEqual(responseHeaders(answer), { 'cache-control': 'no-store' });
    assert.deepEqual(responseHeaders({ vary: '*' }), {});
  });
});

describe('whatever is sent', () => {
  const token = fc.string({ unit: fc.constantFrom(...'abimcpx-_ghtunosd.!~'), minLength: 1, maxLength: 20 });
  const name = fc.oneof(
    token,
    fc
      .tuple(fc.constantFrom('mcp-', 'x-mcp-', 'x-github-', 'x-ratelimit-', 'x-forwarded-'), token)
      .map(([a, b]) => a + b),
  );
  const NAMED =
    /^(?:accept|accept-encoding|accept-language|content-type|last-event-id|traceparent|tracestate|user-agent)$/;
  const NAMED_BACK = /^(?:content-type|content-language|cache-control|retry-after|allow)$/;

  it('no other name passes', () => {
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (headers) => {
        for (const sent of Object.keys(requestHeaders(headers, {})))
          assert.ok(NAMED.test(sent) || (/^(?:x-)?mcp-[a-z\d-]*$/.test(sent) && sent !== 'mcp-session-id'), sent);
        for (const sent of Object.keys(responseHeaders(headers)))
          assert.ok(NAMED_BACK.test(sent) || /^(?:x-mcp|mcp|x-github|x-ratelimit)-[a-z\d-]*$/.test(sent), sent);
      }),
      RUNS,
    );
  });
});
