// One attempt to deliver an event: what counts as taken, and what a receiver cannot make of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deliver } from '../../src/hooks/delivery.ts';
import { freePort } from '../support/ports.ts';
import { SECRET, startReceiver } from './receiver.ts';

describe('a delivery', () => {
  const event = { id: 'evt_1', body: '{"type":"x"}' };
  const to = (url: string, signal = AbortSignal.timeout(10_000)) =>
    deliver({ url, secrets: [SECRET] }, event, 1_700_000_000_900, signal);

  it('is a signed POST of JSON, taken with any status from 200 to 299', async (t) => {
    const receiver = await startReceiver(t);
    assert.equal(await to(receiver.url), undefined);
    const { headers, body } = receiver.received[0] ?? assert.fail();
    assert.equal(body, event.body);
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual([headers['webhook-id'], headers['webhook-timestamp']], ['evt_1', '1700000000']);
    receiver.answer = (response) => void response.writeHead(202).end('{}');
    assert.equal(await to(receiver.url), undefined);
  });

  it('follows no redirect', async (t) => {
    const receiver = await startReceiver(t);
    receiver.answer = (response) => void response.writeHead(307, { location: receiver.url }).end();
    assert.equal(await to(receiver.url), 'it answers 307');
    assert.equal(receiver.received.length, 1);
  });

  it('reads no answer without an end', async (t) => {
    const receiver = await startReceiver(t);
    receiver.answer = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
        response.once('drain', more);
      };
      more();
    };
    assert.equal(await to(receiver.url), undefined);
  });

  it('says why it failed, and nothing of the address', async (t) => {
    const receiver = await startReceiver(t);
    receiver.answer = () => {};
    assert.equal(await to(receiver.url, AbortSignal.timeout(50)), 'it does not answer in time');
    receiver.answer = (response) => void response.destroy();
    assert.equal(await to(receiver.url), 'it cannot be reached (UND_ERR_SOCKET)');
    assert.equal(await to(`http://127.0.0.1:${await freePort()}/key`), 'it cannot be reached (ECONNREFUSED)');
  });
});
