// The HTTP listeners. test/threats/stop.test.ts has how a whole bridge drains.
import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { describe, it } from 'node:test';
import { listen } from '../src/listeners.ts';
import { freePort } from './support/ports.ts';

const answer = (port: number) =>
  new Promise<number | undefined>((resolve, reject) =>
    get({ host: '127.0.0.1', port, agent: new Agent() }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject),
  );

describe('the listeners', () => {
  it('say which port is taken', async (t) => {
    const port = await freePort();
    const first = await listen(['127.0.0.1'], port, (_request, response) => void response.end());
    t.after(() => first.close());
    await assert.rejects(
      listen(['127.0.0.1'], port, () => {}),
      new RegExp(`PORT: ${port} is taken on 127.0.0.1. Stop what listens there, or name another port`),
    );
    await assert.rejects(
      listen(['127.0.0.1'], port, () => {}, 'METRICS_PORT'),
      new RegExp(`METRICS_PORT: ${port} is taken on 127.0.0.1. Stop what listens there, or name another port`),
    );
  });

  it('leave out an address that this machine does not have, if another is there', async () => {
    const port = await freePort();
    const listeners = await listen(['192.0.2.1', '127.0.0.1'], port, (_request, response) => void response.end());
    assert.equal(await answer(port), 200);
    await listeners.close();
    await assert.rejects(
      listen(['192.0.2.1'], port, () => {}),
      { code: 'EADDRNOTAVAIL' },
    );
  });
});
