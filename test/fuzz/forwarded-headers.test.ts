// Forwarded headers of any form: a peer that is not trusted changes nothing by them, a trusted proxy only the address of the
// client and the host that is checked, never an issuer or a link.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import Koa from 'koa';
import { z } from 'zod';
import { forwarded } from '../../src/security/proxies.ts';
import { type TestBridge, useBridge } from '../support/bridge.ts';
import { type Listening, listen } from '../support/listen.ts';
import { authorizationUrl, pkce, register } from '../support/oauth.ts';
import { holds, MARK, text } from './strangers.ts';

const PROXIES = ['127.0.0.1', '10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48', 'fd00::1'];

/** Characters that may stand in the value of a header: others never arrive (RFC 9110 section 5.5). */
const sendable = (value: string) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 2000);

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.ipV4().map((one) => `::ffff:${one}`),
  fc.constantFrom('127.0.0.1', '10.1.2.3', '10.255.0.1', '192.0.2.7', '2001:db8:1::5', 'fd00::1', '::ffff:10.0.0.9'),
  fc.constantFrom(
    '203.0.113.1',
    '2001:db8:2::1',
    'unknown',
    '_hidden',
    'localhost',
    '010.0.0.1',
    '1.2.3',
    'fe80::1%eth0',
  ),
);
const entry = fc.oneof(
  { weight: 4, arbitrary: address },
  { weight: 1, arbitrary: fc.tuple(address, fc.nat(70_000)).map(([one, port]) => `${one}:${port}`) },
  { weight: 1, arbitrary: address.map((one) => `[${one}]`) },
  { weight: 1, arbitrary: fc.tuple(address, fc.nat(70_000)).map(([one, port]) => `[${one}]:${port}`) },
  { weight: 1, arbitrary: text.map(sendable) },
  {
    weight: 1,
    arbitrary: fc.tuple(address, fc.constantFrom(' ', '/24', ';', '"', '.', ':', '%')).map((one) => one.join('')),
  },
);
const list = fc
  .tuple(fc.array(entry, { maxLength: 6 }), fc.constantFrom(',', ', ', ' ,\t', ',,'))
  .map(([entries, comma]) => entries.join(comma));
const host = fc.oneof(
  { weight: 3, arbitrary: fc.domain() },
  { weight: 2, arbitrary: text.map(sendable) },
  { weight: 2, arbitrary: address },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'localhost',
      'localhost:1',
      '127.0.0.1:99999',
      '[::1]',
      '[',
      'a@b',
      'a/b?c#d',
      'a b',
      ':',
      ', ,',
    ),
  },
);
const forwardedElement = fc.tuple(entry, host).map(([one, name]) => `for="${one}";host=${name};proto=https;by=${MARK}`);
/** Headers with which a proxy, or somebody who plays one, says who asks for what. */
const headers = fc.record(
  {
    'x-forwarded-for': list,
    'x-forwarded-host': host,
    'x-forwarded-proto': fc.constantFrom('http', 'https', 'javascript', ''),
    'x-forwarded-port': fc.constantFrom('1', '443', 'x'),
    'x-forwarded-prefix': fc.constant(`/${MARK}`),
    'x-real-ip': entry,
    'x-original-url': fc.constant(`/${MARK}`),
    forwarded: forwardedElement,
  },
  { requiredKeys: [] },
);
type Headers = typeof headers extends fc.Arbitrary<infer T> ? T : never;

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Sends a GET from 127.0.0.1 with the test's headers alone. fetch() would refuse some of them. */
function ask(url: string, sent: Headers | Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, value ?? '']));
    const target = new URL(url);
    const options = { host: '127.0.0.1', port: target.port, path: `${target.pathname}${target.search}` };
    httpRequest({ ...options, headers: { host: target.host, ...all } }, (incoming) => {
      readText(incoming).then(
        (body) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }),
        reject,
      );
    })
      .once('error', reject)
      .end();
  });
}

/** An address as node writes it: IPv4 in IPv6 is IPv4, also in the form that RFC 4291 section 2.5.5.1 deprecates. */
function canonical(one: string): string {
  if (isIPv4(one)) return one;
  const compatible = /^::(\d+\.\d+\.\d+\.\d+)$/.exec(one)?.[1];
  if (compatible !== undefined) return compatible;
  const [bare = '', zone] = one.split('%');
  const written = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(written) ?? [];
  if (high === '') return zone === undefined ? written : `${written}%${zone}`;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

/** The trusted proxies, by node's own rules. */
const trusted = new BlockList();
for (const [network = '', bits] of PROXIES.map((one) => one.split('/'))) {
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  if (bits === undefined) trusted.addAddress(network, family);
  else trusted.addSubnet(network, Number(bits), family);
}
const isTrusted = (one: string) => trusted.check(one.split('%')[0] ?? '', isIPv4(one) ? 'ipv4' : 'ipv6');

/** The address that an entry says, without brackets and port; undefined when it is none. */
function addressOf(one: string): string | undefined {
  const candidates = [one, /^\[([^\]]*)\](?::\d+)?$/.exec(one)?.[1], /^([\d.]+):\d+$/.exec(one)?.[1]];
  const found = candidates.find((each) => each !== undefined && isIP(each) > 0 && !/%.*[^0-9a-z]/i.test(each));
  return found === undefined ? undefined : canonical(found);
}

/** The client's address, by the rule written a second time: the last entry, from the right, that trusted proxies vouch for. */
function clientAddress(claim: string): string {
  const entries = claim.split(',').map((one) => addressOf(one.trim()));
  let client = '127.0.0.1';
  while (isTrusted(client)) {
    const next = entries.pop();
    if (next === undefined) break;
    client = next;
  }
  return client;
}

describe('the address of a client', () => {
  const servers: Listening[] = [];
  before(async () => {
    for (const proxies of [PROXIES, ['10.0.0.0/8']]) {
      const app = new Koa().use(forwarded(proxies, () => {})).use((ctx) => {
        ctx.body = { address: ctx.ip, host: ctx.host };
      });
      servers.push(await listen(app.callback()));
    }
  });
  after(() => Promise.all(servers.map((server) => server.close())));

  async function seen(index: number, sent: Headers) {
    const url = servers[index]?.url ?? '';
    const { body } = await ask(url, sent);
    return { own: new URL(url).host, ...z.object({ address: z.string(), host: z.string() }).parse(JSON.parse(body)) };
  }

  holds('#18 is a valid one, and the one that the trusted proxies vouch for', 300, [headers], async (sent) => {
    const { address: found } = await seen(0, sent);
    assert.ok(isIP(found) > 0, found);
    assert.equal(found, clientAddress(sent['x-forwarded-for'] ?? ''));
  });

  holds(
    '#18 is that of the connection when its peer is not trusted, and so is the host',
    100,
    [headers],
    async (sent) => {
      const { address: found, host: name, own } = await seen(1, sent);
      assert.deepEqual([found, name], ['127.0.0.1', own]);
    },
  );
});

describe('the addresses that a bridge names', () => {
  const local = useBridge({ store: 'sqlite', quiet: true });
  const open = useBridge({
    store: 'sqlite',
    quiet: true,
    env: { PUBLIC_URL: 'https://bridge.example', TRUSTED_PROXIES: '127.0.0.1' },
    app: { callbackUrls: ['https://bridge.example/github/callback'] },
  });
  const clients = new Map<TestBridge, string>();
  before(async () => {
    for (const bridge of [local, open]) {
      const client = await register(bridge.url);
      const { pathname, search } = new URL(authorizationUrl(bridge.config.publicUrl, client, pkce().challenge));
      clients.set(bridge, `${pathname}${search}`);
    }
  });

  /** What must be the same at each request: all but times, references and what belongs to one login. */
  const steady = ({ status, headers: head, body }: Answer) => ({
    status,
    headers: Object.entries(head)
      .filter(([name]) => !['date', 'x-request-id', 'keep-alive'].includes(name))
      .map(([name, value]) => [name, String(value).replace(/consent-[\w-]+=[^;]*|expires=[^;]*/g, '')]),
    body: body.replaceAll(/<code class="all">[0-9a-z]+|name="(?:request|csrf|repeat|language:\w+)" value="[^"]*"/g, ''),
  });
  const PATHS = [
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-protected-resource/mcp',
    '/',
    '/account',
    '/authorize',
    '/authorize?client_id=x',
    '/nothing-here',
  ];

  holds(
    '#18 are never changed by a header, whoever sends it',
    60,
    [fc.constantFrom('local', 'open'), fc.constantFrom(...PATHS), headers],
    async (which, path, sent) => {
      const bridge = which === 'local' ? local : open;
      const url = `${bridge.url}${path === '/authorize' ? clients.get(bridge) : path}`;
      const plain = await ask(url, {});
      const answer = await ask(url, sent);
      // With FUZZ_RUNS the limit by address is reached (design decision 17), which a claimed address may not yet have.
      if (plain.status === 429 || answer.status === 429) return;
      assert.deepEqual(steady(answer), steady(plain));
      assert.ok(plain.status < 500);
    },
  );

  holds(
    '#18 and #22 and the MCP endpoints refuse a host that is not theirs, or know no token',
    40,
    [headers],
    async (sent) => {
      for (const bridge of [local, open]) {
        const { status, headers: head } = await ask(`${bridge.url}/mcp`, sent);
        assert.ok(status === 401 || status === 403, `${status}`);
        const challenge = head['www-authenticate'];
        if (status === 401) assert.ok(String(challenge).includes(`resource_metadata="${bridge.config.publicUrl}/`));
      }
    },
  );
});
