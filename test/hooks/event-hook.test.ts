// The event hook: order, attempts, bounds, and its end; with a real receiver.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { createEventHook, MAX_AGE, MAX_WAITING } from '../../src/hooks/event-hook.ts';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { createHookMetrics } from '../../src/observe/hook-metrics.ts';
import { until } from '../support/until.ts';
import { SECRET, startReceiver } from './receiver.ts';

async function start(
  t: TestContext,
  { flush = 5000, events = ['code.replayed', 'login.failed', 'keys.rotated'] } = {},
) {
  const receiver = await startReceiver(t);
  const bus = new EventBus();
  const registry = new Registry();
  const lines: Record<string, unknown>[] = [];
  const write = (line: Record<string, unknown>) => void lines.push(line);
  const clock = { ahead: 0 };
  const hook = createEventHook(
    bus,
    { url: receiver.url, secrets: [SECRET], events: new Set(events as (keyof Events)[]) },
    {
      logger: { warn: write, info: write } as never,
      metrics: createHookMetrics(registry),
      now: () => Date.now() + clock.ahead,
      flush,
    },
  );
  t.after(() => hook.close());
  /** The value of a series. */
  const metric = async (series: string) => {
    const line = (await registry.metrics()).split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.split(' ')[1]);
  };
  const replay = (person: string, grant: string) => bus.emit('code.replayed', { clientId: 'c', person, grant });
  const grants = (person: string) =>
    receiver.received.filter(({ event }) => event.data.person === person).map(({ event }) => event.data.grant);
  return { receiver, bus, hook, lines, clock, metric, replay, grants };
}

const SENT = 'bridge_hook_events_total{outcome="sent"}';
const DROPPED = 'bridge_hook_events_total{outcome="dropped"}';

describe('the event hook', () => {
  it('sends the events that it is for, with type, time and data', async (t) => {
    const { bus, receiver, metric } = await start(t);
    bus.emit('consent.shown', { clientId: 'c', remembered: false });
    bus.emit('keys.rotated', { algorithm: 'ES256', kid: 'k' });
    await until(async () => (await metric(SENT)) === 1, { what: 'the delivery' });
    assert.equal(receiver.received.length, 1);
    const { type, timestamp, data } = receiver.received[0]?.event ?? assert.fail();
    assert.deepEqual({ type, data }, { type: 'keys.rotated', data: { algorithm: 'ES256', kid: 'k', via: 'clock' } });
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 10_000);
  });

  it('says who did it, in which request, and from which address', async (t) => {
    const { bus, receiver, replay } = await start(t);
    const actor = { kind: 'administrator', person: 'a', githubId: 1, githubLogin: 'octocat' } as const;
    bus.context.run({ reference: 'r', address: '192.0.2.1' }, () => {
      bus.context.by('page', actor);
      replay('p', 'g');
    });
    await until(() => receiver.received.length === 1, { what: 'the delivery' });
    const { data } = receiver.received[0]?.event ?? assert.fail();
    assert.partialDeepStrictEqual(data, { via: 'page', actor, reference: 'r', address: '192.0.2.1' });
  });

  it('replaces what looks like a secret, and stays JSON', async (t) => {
    const { bus, receiver } = await start(t);
    const detail = `GitHub said gho_${'x'.repeat(36)} at ?code=ab"c&x=1`;
    bus.emit('login.failed', { clientId: 'c', error: 'server_error', detail });
    await until(() => receiver.received.length === 1, { what: 'the delivery' });
    assert.equal(receiver.received[0]?.event.data.detail, 'GitHub said [redacted] at ?code=[redacted]"c&x=1');
  });

  it('keeps the order of each person, and lets an event that is not taken hold back only its person', async (t) => {
    const { receiver, replay, grants, metric } = await start(t);
    let refused = 0;
    receiver.answer = (response, { data }) => {
      const takes = data.grant !== 'a0' || ++refused > 1;
      response.writeHead(takes ? 204 : 500).end();
    };
    for (let each = 0; each < 5; each++) for (const person of ['a', 'b']) replay(person, `${person}${each}`);
    await until(() => grants('b').length === 5, { what: 'the events of the other person' });
    assert.deepEqual(grants('a'), ['a0']);
    await until(() => grants('a').length === 6, { what: 'the events that were held back' });
    assert.deepEqual(grants('a'), ['a0', 'a0', 'a1', 'a2', 'a3', 'a4']);
    assert.deepEqual(grants('b'), ['b0', 'b1', 'b2', 'b3', 'b4']);
    const ids = receiver.received
      .filter(({ event }) => event.data.grant === 'a0')
      .map((each) => each.headers['webhook-id']);
    assert.equal(new Set(ids).size, 1);
    await until(async () => (await metric(SENT)) === 10, { what: 'the count' });
    assert.equal(await metric('bridge_hook_failures_total'), 1);
  });

  it('keeps so many, drops what comes then, and says so in one line', async (t) => {
    const { receiver, replay, metric, lines } = await start(t, { flush: 1 });
    receiver.answer = () => {};
    for (let each = 0; each < MAX_WAITING + 7; each++) replay('a', String(each));
    assert.equal(await metric(DROPPED), 7);
    assert.equal(await metric('bridge_hook_waiting'), MAX_WAITING);
    assert.deepEqual(
      lines.map(({ event, dropped }) => ({ event, dropped })),
      [{ event: 'hook.failed', dropped: 1 }],
    );
    assert.doesNotMatch(JSON.stringify(lines), /hidden|\/hook/);
  });

  it('gives an event up after an hour, and goes on with the next', async (t) => {
    const { receiver, replay, metric, clock, grants, lines } = await start(t);
    receiver.answer = (response, { data }) => void response.writeHead(data.grant === 'old' ? 500 : 204).end();
    replay('a', 'old');
    await until(async () => (await metric('bridge_hook_failures_total')) === 1, { what: 'the first attempt' });
    clock.ahead = MAX_AGE;
    assert.ok((await metric('bridge_hook_oldest_seconds')) >= MAX_AGE / 1000);
    replay('a', 'new');
    await until(() => grants('a').includes('new'), { what: 'the next event' });
    await until(async () => (await metric(SENT)) === 1, { what: 'the count' });
    assert.equal(await metric(DROPPED), 1);
    assert.deepEqual(grants('a'), ['old', 'old', 'new']);
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['hook.failed', 'hook.failed', 'hook.back'],
    );
  });

  it('sends what waits when it ends, and no more than it has time for', async (t) => {
    const quick = await start(t);
    for (let each = 0; each < 50; each++) quick.replay(`p${each % 7}`, String(each));
    await quick.hook.close();
    assert.equal(quick.receiver.received.length, 50);
    assert.equal(await quick.metric(DROPPED), 0);

    const slow = await start(t, { flush: 50 });
    slow.receiver.answer = () => {};
    for (let each = 0; each < 3; each++) slow.replay('a', String(each));
    await slow.hook.close();
    assert.equal(await slow.metric(DROPPED), 3);
    assert.match(String(slow.lines.at(-1)?.message), /: the bridge stops\. /);
  });
});
