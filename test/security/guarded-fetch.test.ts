// Fetching a document from an address that a stranger names: what the caller gets. test/threats/guarded-fetch.test.ts has the attacks (threat 12):
// private addresses, DNS rebinding, redirects, sizes and slow hosts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createGuardedFetch,
  FetchRefused,
  type GuardedFetch,
  isPublicAddress,
} from '../../src/security/guarded-fetch.ts';
import { type DocumentHost, startDocumentHost } from '../threats/document-host.ts';

it('an address is public only when it belongs to the internet, in whatever form it is written', () => {
  for (const address of ['8.8.8.8', '::ffff:8.8.8.8', '2606:4700::1111'])
    assert.equal(isPublicAddress(address), true, address);
  for (const address of [
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '::1',
    '::ffff:10.0.0.1',
    '::10.0.0.1',
    '4000::1',
    'localhost',
    '',
  ])
    assert.equal(isPublicAddress(address), false, address);
});

describe('a guarded fetch', () => {
  let host: DocumentHost;
  let guarded: GuardedFetch;
  before(async () => {
    host = await startDocumentHost();
    guarded = createGuardedFetch(host.fetch);
  });
  after(async () => {
    await guarded.close();
    await host.close();
  });
  const refusal = (path: string) => guarded.json(`${host.origin}${path}`, 100).catch((error: unknown) => error);

  it('gives the document and its headers', async () => {
    host.serve(
      '/document',
      { a: 1 },
      { 'content-type': 'application/cimd+json; charset=utf-8', 'cache-control': 'max-age=60' },
    );
    const { body, headers } = await guarded.json(`${host.origin}/document`, 100);
    assert.deepEqual(body, { a: 1 });
    assert.equal(headers['cache-control'], 'max-age=60');
  });

  it('gives no body of a document that is not valid JSON', async () => {
    host.serve('/broken', '{');
    assert.equal((await guarded.json(`${host.origin}/broken`, 100)).body, undefined);
  });

  it('takes a document of just so many bytes, and none of one byte more', async () => {
    host.serve('/at-the-limit', `"${'x'.repeat(98)}"`);
    host.serve('/over-the-limit', `"${'x'.repeat(99)}"`);
    assert.equal((await guarded.json(`${host.origin}/at-the-limit`, 100)).body, 'x'.repeat(98));
    assert.ok((await refusal('/over-the-limit')) instanceof FetchRefused);
  });

  it('tells a host that fails from one that answers wrongly, so that a copy may be used meanwhile', async () => {
    host.answer('/failing', (_, response) => void response.writeHead(503).end());
    host.answer('/hanging-up', (_, response) => void response.destroy());
    host.answer('/gone', (_, response) => void response.writeHead(410).end());
    host.answer('/too-many', (_, response) => void response.writeHead(429).end());
    host.serve('/no-json', 'x', { 'content-type': 'text/html' });
    for (const [path, unreachable, status] of [
      ['/failing', true, 503],
      ['/hanging-up', true, undefined],
      ['/too-many', true, 429],
      ['/gone', false, 410],
      ['/no-json', false, 200],
    ] as const) {
      const error = await refusal(path);
      assert.ok(error instanceof FetchRefused, path);
      assert.deepEqual([error.unreachable, error.status], [unreachable, status], path);
    }
  });
});
