// The stories of logins: all that happened to each, in few bytes and without secrets, written together a moment later.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grantIdOf, newLoginId } from '../../src/base/login-id.ts';
import { EventBus } from '../../src/observe/events.ts';
import { readStoryEntry, recordStories } from '../../src/observe/stories.ts';
import { until } from '../support/until.ts';

interface Append {
  readonly login: string;
  readonly entries: readonly string[];
  readonly ttl: number | undefined;
}

function recorder(fails = false) {
  const bus = new EventBus();
  const appended: Append[] = [];
  const store = {
    async append(login: string, entries: readonly string[], _limit: number, ttl?: number) {
      if (fails) throw new Error('the store is away');
      appended.push({ login, entries, ttl });
    },
  };
  const stories = recordStories(bus, store, () => 1_800_000_000);
  return { bus, appended, stories };
}

describe('the story of a login', () => {
  it('is begun by the consent page, and goes on with what happens in its requests, one entry for each', async () => {
    const { bus, appended, stories } = recorder();
    const login = newLoginId();
    bus.context.run({ reference: 'a', address: '192.0.2.1' }, () => {
      bus.context.knowLogin(login);
      bus.emit('consent.shown', { clientId: 'c', remembered: false });
    });
    bus.context.run({ address: '192.0.2.2' }, () => {
      bus.context.knowLogin(login);
      bus.emit('consent.allowed', { clientId: 'c' });
      bus.emit('login.failed', { clientId: 'c', error: 'access_denied', detail: 'x'.repeat(500), githubLogin: 'mona' });
    });
    await stories.flush();
    const [first] = appended;
    assert.equal(appended.length, 1);
    assert.deepEqual({ login: first?.login, ttl: first?.ttl }, { login, ttl: 86400 });
    const [shown, failed] = (first?.entries ?? []).map(readStoryEntry);
    assert.deepEqual(shown, {
      at: 1_800_000_000,
      reference: 'a',
      address: '192.0.2.1',
      events: [['consent.shown', { client: 'c' }]],
    });
    // The login is not said again in each reference.
    assert.match(failed?.reference ?? '', /^[0-9a-z]{12}$/);
    const detail = `${'x'.repeat(200)}…`;
    assert.deepEqual(failed?.events, [
      ['consent.allowed'],
      ['login.failed', { outcome: 'access_denied', detail, githubLogin: 'mona' }],
    ]);
  });

  it('is kept for seven days once the browser came back from GitHub, and for one before, because strangers begin it', async () => {
    const { bus, appended, stories } = recorder();
    const login = newLoginId();
    const within = (work: () => void) =>
      bus.context.run({ address: '192.0.2.1' }, () => {
        bus.context.knowLogin(login);
        work();
      });
    within(() => bus.emit('consent.shown', { clientId: 'c', remembered: false }));
    await stories.flush();
    within(() => bus.emit('login.returned', { clientId: 'c' }));
    await stories.flush();
    within(() => bus.emit('consent.allowed', { clientId: 'c' }));
    await stories.flush();
    assert.deepEqual(
      appended.map(({ ttl }) => ttl),
      [86400, 7 * 86400, undefined],
    );
  });

  it('is only added to by all that comes later, for the login of each session', async () => {
    const { bus, appended, stories } = recorder();
    const [one, other] = [newLoginId(), newLoginId()];
    const actor = { kind: 'operator', name: 'ada' } as const;
    bus.context.run({ via: 'command', actor }, () => {
      for (const login of [one, other])
        bus.emit('grant.ended', {
          clientId: 'c',
          person: 'p',
          grant: grantIdOf(login),
          reason: 'administrator',
          by: 'operator',
        });
    });
    await stories.flush();
    assert.deepEqual(
      appended.map(({ login, ttl, entries }) => ({ login, ttl, events: entries.map(readStoryEntry)[0]?.events })),
      [one, other].map((login) => ({
        login,
        ttl: undefined,
        events: [['grant.ended', { outcome: 'administrator', by: 'operator', via: 'command', actor }]],
      })),
    );
  });

  it('has nothing of what is no login’s, nor of sessions that expire, which are many at once', async () => {
    const { bus, appended, stories } = recorder();
    bus.emit('consent.allowed', { clientId: 'c' });
    bus.context.run({}, () => bus.emit('request.failed', { error: 1, expected: true, reason: 'r', path: '/' }));
    const grant = grantIdOf(newLoginId());
    bus.emit('grant.ended', { clientId: 'c', person: 'p', grant, reason: 'expired', by: 'clock' });
    await stories.flush();
    assert.deepEqual(appended, []);
  });

  it('has no secret, whatever an error quotes or a proxy calls a request', async () => {
    const { bus, appended, stories } = recorder();
    const secret = `gho_${'s'.repeat(36)}`;
    bus.context.run({ reference: secret }, () => {
      bus.context.knowLogin(newLoginId());
      bus.emit('request.failed', { error: new Error(`not ${secret}`), expected: true, reason: 'r', path: '/' });
    });
    await stories.flush();
    assert.equal(appended.length, 1);
    assert.ok(!JSON.stringify(appended).includes('ssss'));
  });

  it('is written by itself a moment later, and lost with one line in the log when the store fails', async () => {
    const { bus, appended } = recorder();
    const failing = recorder(true);
    const errors: unknown[] = [];
    failing.bus.on('store.error', ({ error }) => errors.push(error));
    for (const each of [bus, failing.bus])
      for (let count = 0; count < 3; count += 1)
        each.context.run({}, () => {
          each.context.knowLogin(newLoginId());
          each.emit('consent.shown', { clientId: 'c', remembered: true });
        });
    assert.deepEqual(appended, []);
    await until(() => appended.length === 3 && errors.length > 0, { what: 'the stories' });
    assert.equal(errors.length, 1);
  });
});
