// The client's address and host behind proxies. test/threats/hosts-and-origins.test.ts has the attacks (threat 18).
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import Koa from 'koa';
import { forwarded } from '../../src/security/proxies.ts';
import { listen } from '../support/listen.ts';

/** The client's address and host, as a server with these trusted proxies sees them. The request comes from 127.0.0.1. */
async function seen(t: TestContext, trusted: readonly string[], headers: Record<string, string>) {
  const app = new Koa().use(forwarded(trusted, () => {})).use((ctx) => {
    ctx.body = { address: ctx.ip, host: ctx.host };
  });
  const server = await listen(app.callback());
  t.after(() => server.close());
  const { address, host } = (await (await fetch(server.url, { headers })).json()) as Record<string, string>;
  return { address, host: host === new URL(server.url).host ? 'own' : host };
}
const from = (address: string) => ({ 'x-forwarded-for': address });

describe('the address of a client', () => {
  it('is that of the connection when no proxy is trusted, or another one', async (t) => {
    const claims = { ...from('203.0.113.1'), 'x-forwarded-host': 'evil.example', forwarded: 'for=203.0.113.1' };
    for (const trusted of [[], ['10.0.0.0/8', '::1', '127.0.0.2']])
      assert.deepEqual(await seen(t, trusted, claims), { address: '127.0.0.1', host: 'own' }, trusted.join());
  });

  for (const [what, header, address] of [
    ['what a trusted proxy says', '203.0.113.1', '203.0.113.1'],
    ['the last one that no trusted proxy has', '192.0.2.9, 203.0.113.1, 10.1.2.3', '203.0.113.1'],
    ['the proxy itself after something that is no address', '203.0.113.1, unknown', '127.0.0.1'],
    ['the last proxy before something that is no address', '203.0.113.1, _hidden, 10.1.2.3', '10.1.2.3'],
    ['an IPv4 address also when it is written in IPv6', '::ffff:203.0.113.1', '203.0.113.1'],
    ['without its port, where a proxy appends it', '203.0.113.1:4711, 10.1.2.3:443', '203.0.113.1'],
    ['without brackets and port, in IPv6', '[2001:db8::1]:4711', '2001:db8::1'],
    ['without brackets, in IPv6', '[2001:db8::1]', '2001:db8::1'],
    ['in IPv6 without a port', '2001:db8::1', '2001:db8::1'],
    ['the proxy itself for a number that is no address', '203', '127.0.0.1'],
    ['the proxy itself for a port without an address', ':443', '127.0.0.1'],
    ['the first of all when all are trusted', '10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['that of the proxy when it says none', '', '127.0.0.1'],
  ] as const)
    it(`is ${what}`, async (t) => {
      assert.equal((await seen(t, ['127.0.0.1', '10.0.0.0/8'], from(header))).address, address);
    });
});

describe('forwarded headers of a peer that is not trusted', () => {
  it('are reported once, so that the operator can trust the proxy', async (t) => {
    const reported: string[] = [];
    const app = new Koa().use(forwarded(['10.0.0.0/8'], (peer) => reported.push(peer))).use((ctx) => {
      ctx.status = 204;
    });
    const server = await listen(app.callback());
    t.after(() => server.close());
    await fetch(server.url);
    assert.deepEqual(reported, []);
    await fetch(server.url, { headers: { 'x-forwarded-host': 'bridge.example' } });
    await fetch(server.url, { headers: from('203.0.113.1') });
    assert.deepEqual(reported, ['127.0.0.1']);
  });
});

describe('the host of a request', () => {
  it('is the first one that a trusted proxy says', async (t) => {
    const { host } = await seen(t, ['127.0.0.0/8'], { 'x-forwarded-host': 'bridge.example, inner.example' });
    assert.equal(host, 'bridge.example');
  });

  it('is the one of the connection when the proxy says none', async (t) => {
    assert.equal((await seen(t, ['127.0.0.0/8'], from('203.0.113.1'))).host, 'own');
  });
});
