// Open answers: each is counted while it is open, and its signal says when it must end and why. What this means for a client
// of `/mcp` and `/sse` is in test/threats/streams.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { createOpenAnswers, SessionOver } from '../../src/mcp/open-answers.ts';
import { EventBus } from '../../src/observe/events.ts';
import type { Session } from '../../src/store/records.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { listen } from '../support/listen.ts';
import { until } from '../support/until.ts';

const mine = { person: 'p'.repeat(16), grant: 'g'.repeat(16) };
const another = { person: 'p'.repeat(16), grant: 'h'.repeat(16) };
const ended = { ...mine, clientId: 'client', reason: 'revoked', by: 'client' } as const;

/** Open answers over a store that says of each session what `read` says, and responses of a real server. */
async function start(t: TestContext, read: () => Promise<Session | undefined> = async () => undefined) {
  const clock = { now: 1_000_000 };
  const events = new EventBus();
  const answers = createOpenAnswers({ sessions: { read }, events, now: () => clock.now });
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
});
