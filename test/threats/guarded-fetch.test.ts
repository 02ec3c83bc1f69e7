// Threat 12: a stranger makes the server fetch an address inside its own network, or wait for a slow host.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  createGuardedFetch,
  FetchRefused,
  type GuardedFetch,
  isPublicAddress,
} from '../../src/security/guarded-fetch.ts';
import { until } from '../support/until.ts';
import { type DocumentHost, PRIVATE, PUBLIC, startDocumentHost } from './document-host.ts';

const KILOBYTES = 5 * 1024;

const NOT_PUBLIC = {
  'this host': ['0.0.0.0', '0.1.2.3', '::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  'private networks': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
  'carrier NAT': ['100.64.0.1', '100.127.255.255'],
  'link-local, and the metadata services of clouds': [
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
  ],
  'site-local': ['fec0::1'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  'broadcast and reserved': ['255.255.255.255', '240.0.0.1'],
  'special purposes': ['192.0.0.1', '192.0.0.170', '192.88.99.1', '198.18.0.1', '198.19.255.255', '100::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  'IPv4 in IPv6, mapped': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:0.0.0.0',
  ],
  'IPv4 in IPv6, compatible': ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::a00:1'],
  'IPv4 in IPv6, translated': ['::ffff:0:127.0.0.1', '::ffff:0:7f00:1'],
  NAT64: ['64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::7f00:1'],
  '6to4': ['2002:7f00:1::', '2002:a00:1::1', '2002:a9fe:a9fe::'],
  Teredo: ['2001:0:7f00:1::', '2001::1'],
  'ORCHID and benchmarks': ['2001:10::1', '2001:20::1', '2001:2::1'],
  'not given out': ['1::1', '4000::1', '8000::1', 'e000::1', '100:0:0:1::1'],
  'no addresses at all': [
    '',
    'localhost',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '127.0.0.1 ',
    'fe80::1%eth0',
    '[::1]',
  ],
};

it('#12 no address is public that is private, reserved, or another address in another notation', () => {
  for (const [what, addresses] of Object.entries(NOT_PUBLIC))
    for (const address of addresses) assert.equal(isPublicAddress(address), false, `${what}: ${address}`);
  for (const address of [
    '8.8.8.8',
    '140.82.112.3',
    '::ffff:8.8.8.8',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
  ])
    assert.equal(isPublicAddress(address), true, address);
});

it('#12 no spelling of a private host is fetched, and nothing but https', async () => {
  const fetch = createGuardedFetch();
  for (const url of [
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://[::]/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00:ec2::254]/latest/meta-data',
    'https://169.254.169.254/latest/meta-data',
    'https://2852039166/latest/meta-data',
    'https://10.0.0.1:6379/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'http://8.8.8.8/',
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user@8.8.8.8/',
    'https://user:password@8.8.8.8/',
    'https://',
    'not a url',
  ])
    await assert.rejects(fetch.json(url, KILOBYTES), FetchRefused, url);
  await fetch.close();
});

describe('#12 a host that a stranger names', () => {
  let host: DocumentHost;
  let fetch: GuardedFetch;
  before(async () => {
    host = await startDocumentHost();
    fetch = createGuardedFetch(host.fetch);
  });
  beforeEach(() => {
    host.resolveTo([PUBLIC]);
    host.requests.length = 0;
    host.connections.length = 0;
  });
  after(async () => {
    await fetch.close();
    await host.close();
  });

  const refused = (path: string, message: RegExp) =>
    assert.rejects(fetch.json(`${host.origin}${path}`, KILOBYTES), (error: unknown) => {
      assert.ok(error instanceof FetchRefused, String(error));
      assert.match(error.message, message);
      return true;
    });

  it('#12 is fetched at a public address, over TLS that an authority vouches for', async () => {
    host.serve('/fine.json', { fine: true });
    assert.deepEqual((await fetch.json(`${host.origin}/fine.json`, KILOBYTES)).body, { fine: true });
    const { ca: _, ...untrusting } = host.fetch;
    const stranger = createGuardedFetch(untrusting);
    await assert.rejects(stranger.json(`${host.origin}/fine.json`, KILOBYTES), FetchRefused);
    await assert.rejects(
      fetch.json(host.origin.replace('client.example', 'evil.example'), KILOBYTES),
      /could not be fetched/,
    );
    await stranger.close();
  });

  it('#12 is not reached at a private address, nor when one of several is private', async () => {
    for (const addresses of [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], []]) {
      host.resolveTo(addresses);
      await refused('/fine.json', /is not on the public internet/);
    }
    assert.deepEqual(host.connections, []);
  });

  it('#12 that resolves anew to a private address is not followed there (DNS rebinding)', async () => {
    host.serve('/fine.json', { fine: true });
    host.resolveTo([PUBLIC], [PRIVATE]);
    await fetch.json(`${host.origin}/fine.json`, KILOBYTES);
    await refused('/fine.json', /is not on the public internet/);
    await refused('/fine.json', /is not on the public internet/);
    assert.deepEqual(host.requests, [`${PUBLIC} /fine.json`]);
    assert.deepEqual(host.connections, [PUBLIC]);
  });

  it('#12 cannot redirect the fetch, neither to itself nor to a private address', async () => {
    host.serve('/fine.json', { fine: true });
    for (const status of [301, 302, 303, 307, 308])
      for (const location of [
        '/fine.json',
        `${host.origin}/fine.json`,
        `https://${PRIVATE}/`,
        'http://169.254.169.254/',
      ]) {
        host.answer('/moved.json', (_, response) => void response.writeHead(status, { location }).end('{}'));
        await refused('/moved.json', new RegExp(`answered ${status}`));
      }
    assert.deepEqual([...new Set(host.requests)], [`${PUBLIC} /moved.json`]);
  });

  it('#12 sends no more than the limit, whatever length it declares', async () => {
    const big = JSON.stringify({ text: 'x'.repeat(KILOBYTES) });
    host.serve('/big.json', big);
    host.serve('/declared.json', big, { 'content-length': String(big.length) });
    let sent = 0;
    host.answer('/endless.json', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write('[1,'.repeat(1000))) sent += 3000;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    for (const path of ['/big.json', '/declared.json', '/endless.json'])
      await refused(path, /is larger than 5120 bytes/);
    await until(() => host.sockets.size === 0, { what: 'the connection to be cut' });
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were sent`);
  });

  it('#12 is refused when it sends anything but JSON, and is not read as JSON when it is broken or compressed', async () => {
    const body = async (path: string) => (await fetch.json(`${host.origin}${path}`, KILOBYTES)).body;
    const bomb = gzipSync(JSON.stringify({ text: 'x'.repeat(1_000_000) }));
    assert.ok(bomb.length < KILOBYTES);
    host.answer('/bomb.json', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb);
    });
    assert.equal(await body('/bomb.json'), undefined);
    for (const type of ['text/html', 'text/plain', 'application/jsonp', 'application/octet-stream', '']) {
      host.serve('/typed', { fine: true }, { 'content-type': type });
      await refused('/typed', /not JSON/);
    }
    for (const text of ['', '{', '{"a":1}{', 'callback({})', '\u0000']) {
      host.serve('/broken.json', text);
      assert.equal(await body('/broken.json'), undefined, text);
    }
  });

  it('#12 that is slow at any step is given up after five seconds, and its socket closed', async () => {
    const dripping = new Set<NodeJS.Timeout>();
    host.answer('/silent.json', () => {});
    host.answer('/dripping.json', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      dripping.add(setInterval(() => response.write(' '), 200));
    });
    host.answer('/stalled.json', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{');
    });
    // Accepts the connection and never begins with TLS.
    const mute: Server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => mute.listen(0, PUBLIC, resolve));
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const begun = performance.now();
    await Promise.all([
      refused('/silent.json', /could not be fetched/),
      refused('/dripping.json', /could not be fetched/),
      refused('/stalled.json', /could not be fetched/),
      assert.rejects(fetch.json(`https://client.example:${port}/`, KILOBYTES), /could not be fetched/),
    ]);
    const taken = performance.now() - begun;
    assert.ok(taken > 4_000 && taken < 8_000, `it took ${taken} ms`);
    await until(() => host.sockets.size === 0, { what: 'the sockets to be closed' });
    for (const timer of dripping) clearInterval(timer);
    await new Promise((resolve) => mute.close(resolve));
  });
});
