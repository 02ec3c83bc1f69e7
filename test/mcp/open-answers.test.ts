// Open answers: each is counted while it is open, and its signal says when it must end and why. What this means for a client
// of `/mcp` and `/sse` is in test/threats/streams.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { createOpenAnswers, SessionOver } from '../../src/mcp/open-answers.ts';
import { UpstreamFailure } from '../../src/oauth/upstream.ts';
import { EventBus } from '../../src/observe/events.ts';
import type { Session } from '../../src/store/records.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { listen } from '../support/listen.ts';
import { until } from '../support/until.ts';

const mine = { person: 'p'.repeat(16), grant: 'g'.repeat(16) };
const another = { person: 'p'.repeat(16), grant: 'h'.repeat(16) };
/** Seconds. */
const TTL = 3600;
const SESSION = { grant: { ref: mine }, credential: {} } as Session;
const ended = { ...mine, clientId: 'client', reason: 'revoked', by: 'client' } as const;

/** Open answers over a store that says of each session what `read` says, and responses of a real server. */
async function start(
  t: TestContext,
  read: () => Promise<Session | undefined> = async () => undefined,
  recheck: () => Promise<void> = async () => {},
) {
  const clock = { now: 1_000_000 };
  const events = new EventBus();
  const answers = createOpenAnswers({
    store: { sessions: { read } },
    upstream: { recheck },
    sessionEnding: { end: async () => true },
    accessTokenTtl: TTL,
    events,
    now: () => clock.now,
  });
  const arrived: ServerResponse[] = [];
  const server = await listen((_request, response) => void arrived.push(response));
  t.after(() => server.close());
  async function response(): Promise<ServerResponse> {
    get(server.url, { agent: false }).on('error', () => {});
    return until(() => arrived.shift(), { what: 'a request' });
  }
  return { clock, events, answers, response };
}

describe('an open answer', () => {
  it('is told the end of its session, and of no other', async (t) => {
    const { events, answers, response } = await start(t);
    const [one, other] = [
      answers.open('/mcp', mine, await response()),
      answers.open('/sse', another, await response()),
    ];
    events.emit('grant.ended', ended);
    assert.ok(one?.reason instanceof SessionOver);
    assert.equal(other?.aborted, false);
  });

  it('is told when its connection closes, and that it is closed already', async (t) => {
    const { answers, response } = await start(t);
    const opened = await response();
    const signal = answers.open('/mcp', mine, opened);
    opened.destroy();
    await once(opened, 'close');
    assert.equal(signal?.aborted, true);
    assert.equal(answers.open('/mcp', mine, opened)?.aborted, true);
  });

  it('is told when all are closed, and not as the end of its session', async (t) => {
    const { answers, response } = await start(t);
    const signal = answers.open('/sse', mine, await response());
    answers.close();
    assert.equal(signal?.aborted, true);
    assert.ok(!(signal.reason instanceof SessionOver));
  });

  it('stays open when its session cannot be read', async (t) => {
    const { answers, response } = await start(t, () => Promise.reject(new StoreUnavailable('down')));
    const signal = answers.open('/sse', mine, await response());
    await assert.rejects(answers.check(), StoreUnavailable);
    assert.equal(signal?.aborted, false);
  });

  it('at /mcp is cut off after a minute, and at /sse is not', async (t) => {
    const session = {} as Session;
    const { clock, answers, response } = await start(t, async () => session);
    const [call, stream] = [await response(), await response()];
    answers.open('/mcp', mine, call);
    answers.open('/sse', mine, stream);
    clock.now += 60;
    await answers.check();
    assert.deepEqual([call.destroyed, stream.destroyed], [false, false]);
    clock.now += 1;
    await answers.check();
    assert.deepEqual([call.destroyed, stream.destroyed], [true, false]);
  });

  it('makes of many answers of one session one question to the store', async (t) => {
    let questions = 0;
    const { answers, response } = await start(t, async () => {
      questions++;
      return {} as Session;
    });
    for (const session of [mine, mine, another]) answers.open('/sse', session, await response());
    await answers.check();
    assert.equal(questions, 2);
  });

  it('is open no longer than a token lasts without the policy, once for all answers of a session', async (t) => {
    let applied = 0;
    const { clock, answers, response } = await start(
      t,
      async () => SESSION,
      async () => void applied++,
    );
    for (const path of ['gateway', '/sse'] as const) answers.open(path, mine, await response());
    const rounds: number[] = [];
    for (const seconds of [0, TTL - 1, 1, TTL - 1, 1]) {
      clock.now += seconds;
      await answers.check();
      rounds.push(applied);
    }
    assert.deepEqual(rounds, [0, 0, 1, 1, 2]);
  });

  it('stays open while the policy cannot be applied, and it is applied in the next round', async (t) => {
    let attempts = 0;
    const { clock, answers, response } = await start(
      t,
      async () => SESSION,
      async () => {
        if (++attempts === 1) throw new UpstreamFailure('temporarily_unavailable', 'github_unreachable', 'down');
      },
    );
    const signal = answers.open('gateway', mine, await response());
    clock.now += TTL;
    for (let round = 0; round < 3; round++) await answers.check();
    assert.deepEqual([attempts, signal?.aborted], [2, false]);
  });

  it('is told at once that its session is over when that ended just before', async (t) => {
    const { events, answers, response } = await start(t);
    events.emit('grant.ended', ended);
    assert.ok(answers.open('gateway', mine, await response())?.reason instanceof SessionOver);
    assert.equal(answers.open('gateway', another, await response())?.aborted, false);
  });

  it('of another session is checked although one cannot be read', async (t) => {
    const sessions = [mine, another, { ...mine, grant: 'i'.repeat(16) }];
    const answering = [
      async () => undefined,
      () => Promise.reject(new StoreUnavailable('down')),
      async () => undefined,
    ];
    const { answers, response } = await start(t, () => answering.shift()?.() ?? Promise.resolve({} as Session));
    const signals = [];
    for (const session of sessions) signals.push(answers.open('gateway', session, await response()));
    await assert.rejects(answers.check(), StoreUnavailable);
    assert.deepEqual(
      signals.map((signal) => signal?.aborted),
      [true, false, true],
    );
  });

  it('is one of 200 of a person at the servers behind the bridge, and gives its place back when it closes', async (t) => {
    const { answers, response } = await start(t);
    const opened = [];
    for (let index = 0; index < 200; index++) {
      const one = await response();
      opened.push(one);
      assert.ok(answers.open('gateway', index % 2 === 0 ? mine : another, one));
    }
    assert.equal(answers.open('gateway', mine, await response()), undefined);
    assert.ok(answers.open('/mcp', mine, await response()), 'paths are counted apart');
    assert.ok(answers.open('gateway', { ...mine, person: 'q'.repeat(16) }, await response()), 'and people');
    const [first] = opened;
    assert.ok(first);
    first.destroy();
    await once(first, 'close');
    assert.ok(answers.open('gateway', mine, await response()));
    assert.equal(answers.open('gateway', mine, await response()), undefined);
  });

  it('is one of 5,000 of all people at the servers behind the bridge', async (t) => {
    const { answers, response } = await start(t);
    const real = await response();
    // One real response stands for all: only whether it is closed is asked of it.
    real.setMaxListeners(0);
    const person = (index: number) => ({ ...mine, person: `${Math.floor(index / 200)}`.padEnd(16, 'p') });
    for (let index = 0; index < 5000; index++) assert.ok(answers.open('gateway', person(index), real), String(index));
    assert.equal(answers.open('gateway', person(5000), real), undefined);
    assert.ok(answers.open('/sse', person(5000), real));
    real.destroy();
    await once(real, 'close');
    assert.ok(answers.open('gateway', person(5000), await response()));
  });
});
