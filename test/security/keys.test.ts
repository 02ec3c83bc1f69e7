// Signing keys: sealed in the store, shared by replicas, and rotated: for a while the old and the new key are both published.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeProtectedHeader, SignJWT } from 'jose';
import { z } from 'zod';
import { EventBus } from '../../src/observe/events.ts';
import { createSigningKeys } from '../../src/security/keys.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import type { SharedStore } from '../../src/store/store.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { callTool, connect, getJson } from '../support/oauth.ts';

const DAY = 86400;

onBothStores('signing keys', (store) => {
  const bridge = useBridge({ store });

  /** Another replica: the same store and secret, with its own cache. */
  const replica = (options: { store?: SharedStore; events?: EventBus } = {}) =>
    createSigningKeys({
      store: bridge.store.shared,
      secrets: createSecrets(bridge.config.secrets),
      events: new EventBus(),
      now: bridge.now,
      tokenTtl: 3600,
      ...options,
    });
  const published = async () => {
    const { body } = await getJson(`${bridge.url}/.well-known/jwks.json`);
    return z.array(z.looseObject({ kid: z.string(), alg: z.string() })).parse(body.keys);
  };

  it('are made once, however many replicas start at once', async () => {
    const sets = await Promise.all(Array.from({ length: 8 }, () => replica().jwks()));
    const kids = new Set(sets.flatMap(({ keys }) => keys.map((key) => key.kid)));
    assert.equal(kids.size, 2, 'one ES256 and one RS256');
    assert.deepEqual(new Set((await published()).map((key) => key.kid)), kids);
  });

  it('can be used at once by a replica whose clock is a minute late', async () => {
    const late = createSigningKeys({
      store: bridge.store.shared,
      secrets: createSecrets(bridge.config.secrets),
      events: new EventBus(),
      now: () => bridge.now() - 60,
      tokenTtl: 3600,
    });
    for (const algorithm of ['ES256', 'RS256'] as const) assert.ok((await late.current(algorithm)).kid);
  });

  it('are told when they are stored, and not when another replica was quicker', async () => {
    const told: string[] = [];
    const events = new EventBus();
    events.on('keys.rotated', ({ kid }) => told.push(kid));
    const rivals = Array.from({ length: 5 }, () => replica({ events }));
    await Promise.all(rivals.map((rival) => rival.rotate(true)));
    assert.equal(new Set(told).size, 10, 'two for each rotation');
    assert.equal(told.length, 10);
    const kids = new Set((await replica().jwks()).keys.map(({ kid }) => kid));
    for (const kid of told) assert.ok(kids.has(kid), 'a key that was told is stored');
  });

  it('that were retired do not come back by a read that began before', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    let isHeld = false;
    const { shared } = bridge.store;
    const slow: SharedStore = {
      ...shared,
      readDocument: async (name) => {
        const document = await shared.readDocument(name);
        if (isHeld) {
          isHeld = false;
          await held;
        }
        return document;
      },
    };
    const keys = replica({ store: slow });
    const old = await keys.current('ES256');
    bridge.advance(61);
    isHeld = true;
    await keys.current('ES256'); // begins to read the set again, in the background
    await keys.retireAll();
    release();
    const reread = keys.find('unknown', 'ES256'); // waits for that read
    bridge.advance(6);
    await reread;
    await keys.find('unknown', 'ES256');
    assert.equal(keys.isLoaded(old.kid), false);
    assert.notEqual((await keys.current('ES256')).kid, old.kid);
  });

  it('are published without their private part', async () => {
    for (const key of await published())
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.ok(!(secret in key), secret);
  });

  it('are published a day before they sign, and afterwards until their last token has expired', async () => {
    const { tokens } = await connect(bridge.url);
    const before = decodeProtectedHeader(tokens.access_token).kid;
    await bridge.bridge.services.keys.rotate(false);
    assert.equal((await published()).length, 4);
    assert.equal(
      (await bridge.bridge.services.keys.current('ES256')).kid,
      before,
      'a key nobody may know yet signs nothing',
    );

    bridge.advance(DAY + 1);
    const { tokens: later } = await connect(bridge.url);
    const now = decodeProtectedHeader(later.access_token).kid;
    assert.notEqual(now, before);
    assert.equal((await callTool(bridge.url, later.access_token, 'get_auth_status')).status, 200);
    await bridge.bridge.maintain();
    assert.ok(
      (await published()).some((key) => key.kid === before),
      'tokens of the old key may still live',
    );

    bridge.advance(DAY + 3700);
    await bridge.bridge.maintain();
    assert.ok(!(await published()).some((key) => key.kid === before));
  });

  it('are rotated without a command when they are 90 days old', async () => {
    const kid = (await bridge.bridge.services.keys.current('ES256')).kid;
    bridge.advance(91 * DAY);
    await bridge.bridge.maintain();
    bridge.advance(DAY + 1);
    assert.notEqual((await bridge.bridge.services.keys.current('ES256')).kid, kid);
  });

  it('are found by a replica that has not read them yet, but not at every question', async () => {
    const other = replica();
    await other.jwks();
    await bridge.bridge.services.keys.rotate(true);
    const { kid, privateKey } = await bridge.bridge.services.keys.current('ES256');
    assert.ok(await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(privateKey));
    assert.equal(await other.find(kid, 'ES256'), undefined, 'strangers choose key ids: no read for each');
    bridge.advance(6);
    assert.ok(await other.find(kid, 'ES256'));
    assert.equal(await other.find(kid, 'RS256'), undefined, 'a key is of one algorithm');
  });
});
