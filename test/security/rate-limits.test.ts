// Rate limits for each address, for what costs. test/threats/registration-limits.test.ts has the floods (threat 13),
// test/threats/cheap-answers.test.ts what is never limited (threat 40).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { createRateLimits, TooManyRequests } from '../../src/security/rate-limits.ts';
import { connectRedis } from '../../src/store/redis/client.ts';
import { parseRedisUrl } from '../../src/store/redis/url.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { authorizationUrl, getJson, pkce, postJson, register } from '../support/oauth.ts';
import { startRedis } from '../support/redis.ts';

onBothStores('an address that registered five clients', (store) => {
  const bridge = useBridge({ store, env: { REGISTRATIONS_PER_HOUR: '5' } });

  it('gets 429 with Retry-After for one more when five an hour are allowed', async () => {
    const client = { redirect_uris: ['http://localhost:1/cb'], token_endpoint_auth_method: 'none' };
    for (let i = 0; i < 5; i++) assert.equal((await postJson(`${bridge.url}/register`, client)).status, 201);
    const refused = await postJson(`${bridge.url}/register`, client);
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    assert.ok(Number(refused.headers.get('retry-after')) <= 3600);
  });
});

onBothStores('one address', (store) => {
  const bridge = useBridge({ store });

  it('begins so many logins, and then gets a page with Retry-After', async () => {
    const client = await register(bridge.url);
    const url = authorizationUrl(bridge.url, client, pkce().challenge);
    const answers = [];
    for (let i = 0; i < 12; i++)
      answers.push(...(await Promise.all(Array.from({ length: 51 }, () => fetch(url, { redirect: 'manual' })))));
    const limited = answers.filter(({ status }) => status === 429);
    assert.ok(limited.length > 0);
    assert.ok(Number(limited[0]?.headers.get('retry-after')) > 0);
    assert.equal((await getJson(`${bridge.url}/healthz`)).status, 200);
  });
});

it('replicas share the counts of rate limits in Redis, and count alone while it is down', async () => {
  const redis = await startRedis();
  const clients = [1, 2].map(() => connectRedis(parseRedisUrl(redis.url), { connect: 1000, command: 1000 }));
  for (const client of clients) client.on('error', () => {});
  await Promise.all(
    clients.map((client) => client.ping().catch(() => new Promise((resolve) => client.once('ready', resolve)))),
  );
  const [first, second] = clients.map((client) =>
    createRateLimits({ registrationsPerHour: 3, keyPrefix: 't:', redis: client }, new EventBus()),
  );
  assert.ok(first && second);
  await first.registration.consume('192.0.2.1');
  await first.registration.consume('192.0.2.1');
  await second.registration.consume('192.0.2.1');
  await assert.rejects(second.registration.consume('192.0.2.1'), TooManyRequests);
  await assert.rejects(first.registration.consume('192.0.2.1'), TooManyRequests);
  await first.registration.consume('192.0.2.2');
  await redis.stop();
  await first.registration.consume('192.0.2.3');
  for (const client of clients) client.disconnect();
});
