// The url of an MCP server behind the bridge: tokens go there, so plain http is for the operator's own network only.
import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { upstreamUrlAdvice } from '../../src/config/upstream-url.ts';
import { address, RUNS } from '../oauth/addresses.ts';

/** The private addresses, as Node compares them. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, prefix);
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

describe('the url of an MCP server, whatever it is', () => {
  it('has no credentials and no fragment, and is http in a private network only', () => {
    const addressInTheClear = fc.oneof(
      fc.ipV4().map((host) => `http://${host}/`),
      fc.ipV6().map((host) => `http://[${host}]/`),
      fc
        .tuple(fc.domain(), fc.constantFrom('', '.', '.local', '.svc', 'local', '.local.'))
        .map((host) => `http://${host.join('')}/`),
    );
    fc.assert(
      fc.property(fc.oneof(address, addressInTheClear), (text) => {
        if (upstreamUrlAdvice(text) !== undefined) return;
        const url = new URL(text);
        assert.equal(url.username + url.password + url.hash, '');
        assert.doesNotMatch(text, /#|\s|\\/);
        if (url.protocol === 'https:') return;
        assert.equal(url.protocol, 'http:');
        const host = url.hostname.replace(/^\[|\]$/g, '');
        if (isIP(host) !== 0) assert.ok(PRIVATE.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6'), text);
        else assert.ok(!host.includes('.') || /\.(?:localhost|internal|local|svc|home\.arpa)\.?$/.test(host), text);
      }),
      RUNS,
    );
  });
});

describe('the url of an MCP server', () => {
  const ACCEPTED = [
    'https://mcp.example.com',
    'HTTPS://mcp.example.com:8443/mcp?toolset=a,b&x=y@z',
    'https://203.0.113.7/mcp',
    'http://localhost:3000/mcp',
    'http://api.localhost/',
    'http://LOCALHOST./',
    'http://127.8.9.10/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://10.1/',
    'http://172.31.255.255/',
    'http://192.168.0.1/',
    'http://[::1]:3000/',
    'http://[fd12::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://github-mcp:8082/',
    'http://mcp.internal/',
    'http://mcp.local/',
    'http://mcp.tools.svc/',
    'http://mcp.tools.svc.cluster.local/',
    'http://mcp.home.arpa/',
  ];
  for (const url of ACCEPTED) it(`may be ${url}`, () => assert.equal(upstreamUrlAdvice(url), undefined));

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['', /not an https address/],
    ['mcp.example.com', /not an https address/],
    ['https:mcp.example.com', /not an https address/],
    ['https:///mcp.example.com', /not an https address/],
    ['https://', /not an https address/],
    ['https://a b', /not an https address/],
    ['https://exa\nmple.com', /not an https address/],
    [' https://mcp.example.com', /not an https address/],
    ['https://mcp.example.com\\@evil.example', /not an https address/],
    ['ws://mcp.example.com', /not an https address/],
    ['https://user:hunter2@mcp.example.com', /has credentials/],
    ['https://hunter2@mcp.example.com', /has credentials/],
    ['https://@mcp.example.com', /has credentials/],
    ['https://mcp.example.com/#hunter2', /has a fragment/],
    ['https://mcp.example.com/#', /has a fragment/],
    ['http://mcp.example.com/?hunter2', /http, but mcp\.example\.com may be on the public internet/],
    ['http://203.0.113.7/', /public/],
    ['http://172.32.0.1/', /public/],
    ['http://100.64.0.1/', /public/],
    ['http://169.254.169.254/', /public/],
    ['http://0.0.0.0/', /public/],
    ['http://[::]/', /public/],
    ['http://[2001:db8::1]/', /public/],
    ['http://[::ffff:203.0.113.7]/', /public/],
    ['http://localhost.evil.example/', /public/],
    ['http://evillocal.example/', /public/],
    ['http://mcp.notlocal/', /public/],
    // A name of the root: whoever has the top-level domain.
    ['http://ai./', /public/],
  ];
  for (const [url, problem] of REFUSED)
    it(`may not be ${JSON.stringify(url)}`, () => {
      const advice = upstreamUrlAdvice(url);
      assert.match(advice?.problem ?? '', problem);
      assert.match(advice?.remedy ?? '', /^[A-Z].*\.$/);
      assert.doesNotMatch(JSON.stringify(advice), /hunter2/);
    });
});
