// Rate limits for each address: registrations, authorization requests and failed requests. A token request that succeeds is never
// limited. test/threats/registration-limits.test.ts has the floods (threat 13).
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { createRateLimits, TooManyRequests } from '../../src/security/rate-limits.ts';
import { connectRedis } from '../../src/store/redis/client.ts';
import { parseRedisUrl } from '../../src/store/redis/url.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { connect, getJson, postJson, refreshing, register, tokenRequest, tokensOf } from '../support/oauth.ts';
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

  it('with many failures gets 429, and can still refresh its own tokens', async () => {
    const { client, tokens } = await connect(bridge.url);
    const wrong = { ...refreshing(client, 'mgr_made-up') };
    const answers = await Promise.all(Array.from({ length: 320 }, () => tokenRequest(bridge.url, wrong)));
    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 400).length, 300);
    assert.equal(statuses.filter((status) => status === 429).length, 20);
    assert.ok(answers.some(({ headers }) => Number(headers.get('retry-after')) > 0));

    const renewed = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
    assert.ok(renewed.refresh_token);
  });

  it('has its own limit for authorization requests, and then gets a page with Retry-After', async () => {
    const client = await register(bridge.url);
    const url = `${bridge.url}/authorize?${new URLSearchParams({ client_id: client.client_id, response_type: 'code', redirect_uri: client.redirectUri })}`;
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
