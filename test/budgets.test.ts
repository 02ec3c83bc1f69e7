// The budgets of docs/design.md: how many round trips each flow makes to the store and to GitHub, and how many signatures it
// makes and checks. Rate limiters and policy checks do not count; refresh locks are counted apart.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it, mock } from 'node:test';
import { upstreamsFile } from './gateway/fixtures.ts';
import { createAgent } from './support/agent.ts';
import { onBothStores, type TestBridge, useBridge } from './support/bridge.ts';
import { commitsDuring } from './support/commits.ts';
import {
  authorizationUrl,
  callTool,
  logIn,
  login,
  passGithub,
  pkce,
  redemption,
  refreshing,
  register,
  returnToClient,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from './support/oauth.ts';
import { RoundTrips } from './support/round-trips.ts';

/** Libraries that a start loads only when the configuration needs them, or that the first request of a kind loads. */
const LOADED_LATE = [
  '@modelcontextprotocol/server-legacy/sse',
  '@octokit/rest',
  'ioredis',
  'koa-body',
  'node:sqlite',
  'undici',
] as const;

interface Spent {
  /** Round trips to the store. Calls that start at the same moment are one round trip. */
  readonly store: number;
  /** Round trips for refresh locks, and those made while one is held. */
  readonly locks: number;
  readonly made: number;
  readonly checked: number;
  readonly github: number;
}

describe('a start', () => {
  /** What `src/main.ts` imports, directly or not, types and `import()` apart. */
  function loaded(file: URL, seen = new Set<string>()): Set<string> {
    const code = readFileSync(file, 'utf8').replace(/^import type .*$|^import type \{[^}]*\}.*$/gm, '');
    for (const [, target = ''] of code.matchAll(/^(?:import|export) (?:[^'";]*? from )?'([^']+)'/gm)) {
      const path = target.startsWith('.') ? new URL(target, file).href : target;
      if (seen.has(path)) continue;
      seen.add(path);
      if (target.startsWith('.')) loaded(new URL(path), seen);
    }
    return seen;
  }

  it('does not load the libraries that only some requests, or one store, need', () => {
    const all = loaded(new URL('../src/main.ts', import.meta.url));
    assert.ok(all.has('koa') && all.has('jose'), 'the imports are read');
    assert.deepEqual(
      LOADED_LATE.filter((library) => all.has(library)),
      [],
    );
  });
});

onBothStores('the number of round trips and signatures', (kind) => {
  const trips = new RoundTrips();
  const bridge = useBridge({
    store: kind,
    app: { kind: 'github-app', permissions: ['profile'] },
    env: (githubUrl) => ({
      ACCESS_TOKEN_TTL: '30d',
      REFRESH_TOKEN_TTL: '60d',
      UPSTREAMS_FILE: upstreamsFile([
        { name: 'github', url: `${githubUrl}/mcp/` },
        { name: 'identity', url: `${githubUrl}/mcp/`, credential: 'identity' },
      ]),
    }),
    // The stories of logins are written a moment later, and no request waits for them: they are counted apart, and not made.
    wrapStore: (store) => ({
      ...trips.counting(store),
      stories: { ...store.stories, append: async () => void trips.stories++ },
    }),
  });
  let made: { mock: { callCount(): number } };
  let checked: { mock: { callCount(): number } };
  before(async () => {
    // Each signature asks for the current key, each check for the key that signed.
    made = mock.method(bridge.bridge.services.keys, 'current');
    checked = mock.method(bridge.bridge.services.keys, 'find');
    await logIn(bridge.url, await register(bridge.url));
  });
  after(() => mock.restoreAll());

  async function spent(flow: () => Promise<unknown>): Promise<Spent> {
    trips.reset();
    bridge.github.clearCalls();
    const [madeBefore, checkedBefore] = [made.mock.callCount(), checked.mock.callCount()];
    await flow();
    return {
      store: trips.count,
      locks: trips.locks,
      made: made.mock.callCount() - madeBefore,
      checked: checked.mock.callCount() - checkedBefore,
      // Without the requests of the person's browser.
      github: bridge.github.calls.filter(({ path }) => /^\/api\/|access_token$/.test(path)).length,
    };
  }

  const call = async (token: string, name: string) => {
    const { status, result } = await callTool(bridge.url, token, name);
    assert.equal(status, 200);
    assert.equal(result?.isError, undefined);
  };

  it('is within the budget for a call that needs nothing of GitHub', async () => {
    const { access_token } = await logIn(bridge.url, await register(bridge.url));
    const first = await spent(() => call(access_token, 'get_auth_status'));
    assert.deepEqual(first, { store: 1, locks: 0, made: 0, checked: 1, github: 0 });
    const second = await spent(() => call(access_token, 'get_auth_status'));
    assert.deepEqual(second, { store: 1, locks: 0, made: 0, checked: 0, github: 0 });
  });

  it('is within the budget for get_user_profile', async () => {
    const { access_token } = await logIn(bridge.url, await register(bridge.url), { login: 'hubot' });
    const first = await spent(() => call(access_token, 'get_user_profile'));
    assert.ok(first.store >= 1 && first.store <= 2, `${first.store} round trips`);
    assert.deepEqual({ ...first, store: 0 }, { store: 0, locks: 0, made: 0, checked: 1, github: 1 });
    const second = await spent(() => call(access_token, 'get_user_profile'));
    assert.ok(second.store <= 2);
    assert.deepEqual({ ...second, store: 0 }, { store: 0, locks: 0, made: 0, checked: 0, github: 1 });
    assert.equal(bridge.github.callsTo('GET', '/api/v3/user')[0]?.status, 304);
  });

  it('is within the budget for a request through the gateway, whatever the server behind gets', async () => {
    const client = await register(bridge.url);
    for (const [name, status, tokens] of [
      ['github', 200, 0],
      // The simulated server takes GitHub's tokens only.
      ['identity', 400, 1],
    ] as const) {
      const resource = `${bridge.url}/mcp/${name}`;
      const { access_token } = await logIn(bridge.url, client, { login: 'hubot', parameters: { resource } });
      const send = async () => {
        const response = await fetch(resource, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${access_token}`,
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
          },
          body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
        });
        await response.text();
        assert.equal(response.status, status);
      };
      assert.deepEqual(await spent(send), { store: 1, locks: 0, made: tokens, checked: 1, github: 0 });
      assert.deepEqual(await spent(send), { store: 1, locks: 0, made: 0, checked: 0, github: 0 });
      bridge.advance(61);
      assert.equal((await spent(send)).made, tokens, 'again after a minute');
    }
  });

  it('is within the budget for a code exchange', async () => {
    for (const [metadata, scope, signatures] of [
      [{}, 'read:user', 1],
      [{}, 'openid read:user', 2],
      [{ token_endpoint_auth_method: 'client_secret_post' }, 'read:user', 1],
    ] as const) {
      const client = await register(bridge.url, metadata);
      const { code, verifier } = await login(bridge.url, client, { parameters: { scope } });
      const exchange = await spent(async () =>
        tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier))),
      );
      assert.deepEqual(exchange, { store: 2, locks: 0, made: signatures, checked: 0, github: 0 });
      assert.equal(trips.calls, 2, 'the client and the code');
    }
  });

  it('is within the budget for a refresh', async () => {
    const client = await register(bridge.url);
    let tokens = await logIn(bridge.url, client);
    const refresh = () =>
      spent(async () => {
        tokens = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
      });
    const usual = await refresh();
    assert.deepEqual(usual, { store: 2, locks: 0, made: 1, checked: 0, github: 0 });
    assert.equal(trips.calls, 3, 'the client and the session, then the rotation');
    bridge.advance(28_800);
    // The keys are due to be read again, which is not part of the refresh.
    await spent(() => bridge.bridge.services.keys.jwks());
    const due = await refresh();
    assert.ok(due.store <= 2, `${due.store} round trips`);
    assert.ok(due.locks >= 1 && due.locks <= 4, `${due.locks} round trips for the lock`);
    assert.deepEqual({ ...due, store: 0, locks: 0 }, { store: 0, locks: 0, made: 1, checked: 0, github: 1 });
    bridge.advance(3600); // since GitHub renewed the credential, nothing was asked about it
    await spent(() => bridge.bridge.services.keys.jwks());
    const unseen = await refresh();
    assert.ok(unseen.store <= 3, `${unseen.store} round trips`);
    assert.deepEqual({ ...unseen, store: 0 }, { store: 0, locks: 0, made: 1, checked: 0, github: 1 });
  });

  it('is within the budget for a whole login, from /authorize to the code', async () => {
    const client = await register(bridge.url);
    for (const person of ['monalisa', 'monalisa']) {
      const whole = await spent(() => loginUpToTheCode(bridge, client, person));
      assert.ok(whole.store >= 4 && whole.store <= 8, `${whole.store} round trips`);
      assert.deepEqual({ ...whole, store: 0 }, { store: 0, locks: 0, made: 0, checked: 0, github: 2 });
    }
  });

  it('is one write for the story of a whole login, beside what its requests wait for', async () => {
    const client = await register(bridge.url);
    await bridge.bridge.writeStories();
    trips.stories = 0;
    const { code, verifier } = await login(bridge.url, client);
    tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    await bridge.bridge.writeStories();
    // One; or one for each request, when each takes longer than the moment for which stories wait.
    assert.ok(trips.stories >= 1 && trips.stories <= 4, `${trips.stories} writes`);
  });

  if (kind === 'redis') return;

  it('is within the budget of commits', async () => {
    const commits = (flow: () => Promise<unknown>) =>
      commitsDuring(bridge.dataDirectory ?? '', async () => {
        await flow();
        await bridge.store.ping(); // the last use of a session is written after the answer
      });
    const client = await register(bridge.url);
    const whole = await commits(() => loginUpToTheCode(bridge, client, 'octocat'));
    assert.ok(whole >= 3 && whole <= 6, `${whole} commits`);
    const { code, verifier } = await login(bridge.url, client);
    let tokens: Tokens | undefined;
    const exchange = async () => {
      tokens = tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier)));
    };
    assert.equal(await commits(exchange), 1);
    const callNow = () => call(tokens?.access_token ?? '', 'get_auth_status');
    assert.equal(await commits(callNow), 0);
    bridge.advance(61);
    assert.equal(await commits(callNow), 1, 'the last use, to the minute');
    const refresh = async () => tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens?.refresh_token)));
    assert.equal(await commits(refresh), 1);
  });
});

describe('the characters that a session adds to Redis', () => {
  const bridge = useBridge({ store: 'redis' });

  it('are within the budget, for the first session of a person', async () => {
    const client = await register(bridge.url);
    await logIn(bridge.url, client, { login: 'octocat' });
    await bridge.bridge.writeStories();
    const before = await bridge.dumpStore();
    await logIn(bridge.url, client, { login: 'monalisa' });
    await bridge.bridge.writeStories();
    const added = (await bridge.dumpStore()).length - before.length;
    // About 500 of them are the story of the login. Redis adds more than half a KB for each person: its keys, fields and sorted sets.
    assert.ok(added > 0 && added <= 1480, `${added} characters`);
  });
});

async function loginUpToTheCode(bridge: TestBridge, client: TestClient, person: string): Promise<void> {
  const browser = createAgent();
  const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
  const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
  const answer = await returnToClient(browser, await passGithub(browser, toGithub, person));
  assert.match(answer.location?.searchParams.get('code') ?? '', /^mgc_/);
}
