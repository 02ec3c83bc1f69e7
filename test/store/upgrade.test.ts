// What earlier versions stored (fixtures/) is opened by this version, migrated, and used: sessions refresh and answer calls, keys
// verify, consents are remembered, revocations are made.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import type { RandomToken } from '../../demo/github/credentials.ts';
import { consentKey } from '../../src/oauth/login/remembered-consent.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startTestBridge, type TestBridge } from '../support/bridge.ts';
import { callTool, getJson, refreshing, tokenRequest, tokensOf } from '../support/oauth.ts';
import { startRedis } from '../support/redis.ts';
import {
  BRIDGE_PORT,
  type Facts,
  GITHUB_PORT,
  readFacts,
  restoreRedis,
  restoreSqlite,
  SETTINGS,
} from './fixtures/fixture.ts';

type Place = { open(now: () => number): Store; remove(): Promise<void> };

async function sqlite(name: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-upgrade-'));
  restoreSqlite(name, join(folder, 'bridge.db'));
  return {
    open: (now) => createSqliteStore(folder, { now }),
    remove: async () => rmSync(folder, { recursive: true }),
  };
}

async function redis(name: string): Promise<Place> {
  const server = await startRedis();
  await restoreRedis(name, server.url);
  return { open: (now) => createRedisStore(server.url, { now }), remove: () => server.stop() };
}

/** A source of tokens that first gives those of a fixture, so that GitHub knows them. */
function tokensOfFixture() {
  let next: Facts['githubTokens'][number] | undefined;
  let made = 0;
  const randomToken: RandomToken = (length, purpose) => {
    const known = purpose === 'ghr_' ? next?.refreshToken : purpose === 'gho_' ? next?.token : undefined;
    return known?.slice(purpose.length) ?? `New${++made}x`.padEnd(length, '0');
  };
  return {
    randomToken,
    issue({ github }: TestBridge, { githubTokens }: Facts) {
      const clientId = SETTINGS.GITHUB_CLIENT_ID;
      for (const token of githubTokens) {
        next = token;
        github.app(clientId).expiringTokens = token.expiresAt !== undefined;
        assert.equal(github.issueToken({ account: token.login, clientId, scopes: token.scopes }).token, token.token);
      }
      next = undefined;
    },
  };
}

function describeUpgrade(title: string, name: string, restore: (name: string) => Promise<Place>): void {
  describe(title, () => {
    const facts = readFacts(name);
    const tokens = tokensOfFixture();
    const refreshTokens = new Map<string, string | undefined>();
    let place: Place;
    let bridge: TestBridge;
    before(async () => {
      // The MCP SDK compares the expiry of access tokens with the clock of the process.
      const behind = Date.now() - (facts.madeAt + 60) * 1000;
      const { now } = Date;
      mock.method(Date, 'now', () => now.call(Date) - behind);
      place = await restore(name);
      const { PORT: _, ...env } = SETTINGS;
      bridge = await startTestBridge({
        store: name.startsWith('redis') ? 'redis' : 'sqlite',
        env,
        app: { clientId: env.GITHUB_CLIENT_ID, clientSecret: env.GITHUB_CLIENT_SECRET },
        github: { randomToken: tokens.randomToken },
        ports: { bridge: BRIDGE_PORT, github: GITHUB_PORT },
        startAt: facts.madeAt + 60,
        openStore: place.open,
      });
      tokens.issue(bridge, facts);
    });
    after(async () => {
      await bridge?.stop();
      await place.remove();
      mock.restoreAll();
    });

    it('lets access tokens that were issued before call tools', async () => {
      assert.ok(facts.sessions.length >= 4);
      for (const { login, accessToken } of facts.sessions) {
        const { status, text } = await callTool(bridge.url, accessToken, 'get_auth_status');
        assert.equal(status, 200, text);
        assert.ok(text.includes(login), text);
      }
    });

    it('lets clients refresh, and call with what they get', async () => {
      for (const { login, client, refreshToken } of facts.sessions) {
        const refreshed = tokensOf(await tokenRequest(bridge.url, refreshing(client, refreshToken)));
        const { status, text } = await callTool(bridge.url, refreshed.access_token, 'get_auth_status');
        assert.equal(status, 200, text);
        assert.ok(text.includes(login), text);
        refreshTokens.set(client.client_id + login, refreshed.refresh_token);
        // Sent again, the old token gets the same successor: the sealed one is there.
        const again = tokensOf(await tokenRequest(bridge.url, refreshing(client, refreshToken)));
        assert.equal(again.refresh_token, refreshed.refresh_token);
      }
    });

    it('knows both kinds of credentials, and renews a token pair that expires', async () => {
      const kinds = new Set<boolean>();
      for (const login of ['hubot', 'octocat']) {
        const person = bridge.bridge.personTag(bridge.github.account(login).id);
        for (const { credential } of await bridge.store.sessions.list(person))
          kinds.add(credential.accessExpiresAt !== undefined);
      }
      assert.deepEqual([...kinds].sort(), [false, true]);
      bridge.advance(9 * 3600);
      for (const { login, client } of facts.sessions) {
        const refreshToken = refreshTokens.get(client.client_id + login);
        const { access_token } = tokensOf(await tokenRequest(bridge.url, refreshing(client, refreshToken)));
        assert.equal((await callTool(bridge.url, access_token, 'get_auth_status')).status, 200);
      }
      const live = bridge.github.liveTokens().map(({ token }) => token);
      const kept = facts.githubTokens.filter(({ token }) => live.includes(token));
      assert.ok(kept.length > 0);
      assert.ok(kept.every(({ expiresAt }) => expiresAt === undefined));
    });

    it('knows the registered clients, and their registration tokens', async () => {
      for (const { client } of facts.sessions) {
        const authorization = `Bearer ${client.registration_access_token}`;
        const { status, body } = await getJson(client.registration_client_uri, { authorization });
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(body.client_id, client.client_id);
      }
    });

    const skip =
      name === 'sqlite-1' && 'the first version remembered consents under other names: people are asked again';
    it('remembers the consent', { skip }, async () => {
      const { login, client, scope } = facts.consent;
      const person = bridge.bridge.personTag(bridge.github.account(login).id);
      const what = { clientName: 'A website', redirectUri: client.redirectUri, scope: scope.split(' ') };
      const key = consentKey({
        ...what,
        clientId: client.client_id,
        resource: `${bridge.url}/mcp`,
        refreshable: true,
        redirectUriSent: true,
        codeChallenge: '',
      });
      assert.equal(await bridge.store.consents.has(person, key), true);
    });

    it('makes the revocation that was pending', async () => {
      const live = () => bridge.github.liveTokens({ account: facts.revocation });
      assert.equal(live().length, 1);
      await bridge.bridge.maintain();
      await bridge.bridge.revocations.idle();
      assert.deepEqual(live(), []);
      const person = bridge.bridge.personTag(bridge.github.account(facts.revocation).id);
      assert.deepEqual(await bridge.store.revocations.pending(person), []);
    });
  });
}

describe('what an earlier version stored', () => {
  describeUpgrade('in SQLite, the first version of all (schema 1)', 'sqlite-1', sqlite);
  describeUpgrade('in SQLite, schema 5', 'sqlite-5', sqlite);
  describeUpgrade('in Redis, before it had a schema version', 'redis-1', redis);
});
