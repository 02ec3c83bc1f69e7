// A lost store in the log: one line, one a minute, one when it is back; by a clock of the test, and with a Redis that really stops.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { createLogger, logEvents } from '../../src/observe/logger.ts';
import { createStoreOutage } from '../../src/observe/store-outage.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { start } from '../programs.ts';
import { freePort } from '../support/ports.ts';
import { startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

type Line = Record<string, unknown>;

/** An outage whose store answers when told so, and whose seconds pass when told so. */
function watch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const lines: Line[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const events = new EventBus();
  const store = { answers: false };
  let time = 0;
  const outage = createStoreOutage(logger, {
    ping: () => (store.answers ? Promise.resolve() : Promise.reject(new Error('down'))),
    remedy: 'Start it',
    now: () => time,
  });
  logEvents(events, logger, outage);
  const error = new StoreUnavailable('no answer', { cause: new Error('ECONNREFUSED') });
  return {
    outage,
    store,
    lose: () => events.emit('store.error', { error }),
    request: () =>
      events.emit('request.failed', { error, expected: false, reason: 'x', reference: 'r', path: '/token' }),
    other: () => events.emit('store.error', { error: new TypeError('a bug') }),
    async pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        time += 1000;
        t.mock.timers.tick(1000);
        // The ping and what follows it are promises.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    /** The lines since the last call. */
    said: () =>
      lines
        .splice(0)
        .map(({ level, event, message, seconds, errors, requests }) =>
          [level, event, message, seconds, errors, requests].filter((each) => each !== undefined).join(' '),
        ),
  };
}

const LOST = 'error store.lost no answer (ECONNREFUSED). Start it';

describe('a lost store', () => {
  it('is one line, one a minute that counts, and one when it is back', async (t) => {
    const { lose, request, pass, said, store, outage } = watch(t);
    lose();
    for (let each = 0; each < 50; each++) request();
    assert.deepEqual(said(), [LOST]);
    assert.equal(outage.isLost(), true);
    await pass(59);
    assert.deepEqual(said(), []);
    await pass(1);
    assert.deepEqual(said(), ['error store.lost the store still does not answer 60 1 50']);
    request();
    await pass(60);
    assert.deepEqual(said(), ['error store.lost the store still does not answer 120 1 51']);
    store.answers = true;
    await pass(1);
    assert.deepEqual(said(), ['info store.back the store answers again 121 1 51']);
    assert.equal(outage.isLost(), false);
    await pass(300);
    assert.deepEqual(said(), []);
  });

  it('fills no log when it comes and goes', async (t) => {
    const { lose, pass, said, store } = watch(t);
    store.answers = true;
    const lines: string[] = [];
    for (let second = 0; second < 180; second++) {
      lose();
      await pass(1);
      lines.push(...said());
    }
    assert.ok(lines.length >= 4 && lines.length <= 8, lines.join('\n'));
  });

  it('is told late, but told, when it comes again within a minute and stays', async (t) => {
    const { lose, pass, said, store } = watch(t);
    store.answers = true;
    lose();
    await pass(1);
    assert.equal(said().length, 2);
    store.answers = false;
    lose();
    await pass(59);
    assert.deepEqual(said(), []);
    await pass(1);
    assert.deepEqual(said(), [LOST]);
  });

  it('hides no other error', (t) => {
    const { lose, other, said } = watch(t);
    lose();
    other();
    other();
    assert.deepEqual(said(), [LOST, 'error store.error a bug', 'error store.error a bug']);
  });

  it('is three lines in the log of a bridge whose Redis stops and comes back, whatever is requested', async (t) => {
    const redis = await startRedis();
    t.after(() => redis.stop());
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const secret = 'a secret of a test that is long enough';
    const program = start('main.ts', {
      ...{ GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', BRIDGE_SECRET: secret },
      ...{ PORT: String(port), REDIS_URL: redis.url },
    });
    t.after(() => program.child.kill('SIGKILL'));
    let seen = '';
    program.child.stdout?.on('data', (chunk) => {
      seen += chunk;
    });
    const status = async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.status;
    await until(async () => (await status()) === 200, { what: 'the bridge to answer' });
    await redis.down({ crash: true });
    await until(async () => (await status()) === 503, { what: 'the bridge to lose its store' });
    const register = () =>
      fetch(`${url}/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['https://client.example/callback'] }),
      });
    for (const { status } of await Promise.all(Array.from({ length: 20 }, register))) assert.equal(status, 503);
    await redis.up();
    await until(async () => (await status()) === 200, { what: 'the bridge to find its store' });
    await until(() => seen.includes('"store.back"') || program.child.exitCode !== null, { what: 'the line' });
    program.child.kill('SIGTERM');
    const lines: Line[] = (await program.ended).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const told = lines.filter(
      ({ event, status }) => /^(started|store\.(?!warning)|request)/.test(String(event)) && status !== 200,
    );
    const [started, lost, back, ...more] = told;
    assert.deepEqual([started?.event, lost?.event, back?.event, more], ['started', 'store.lost', 'store.back', []]);
    assert.match(String(lost?.message), /^Redis does not answer \(.+\)\. Start Redis again/);
    assert.ok(Number(back?.requests) >= 20, JSON.stringify(back));
  });
});
