// `trace`: one login is one story, whatever page, endpoint, session or command it went through, and whoever asks by whatever
// name of it; the log has the same id in each of its lines.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { traceCommand } from '../../src/admin/trace.ts';
import { loginOf } from '../../src/base/login-id.ts';
import { parseSid } from '../../src/oauth/tokens/session-tokens.ts';
import { createAgent } from '../support/agent.ts';
import { onBothStores, type TestBridge, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  login,
  pkce,
  postForm,
  redemption,
  refreshing,
  register,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

interface Answer {
  readonly value: { login: string; happenings: Record<string, unknown>[] };
  readonly text: string;
}

async function trace(bridge: TestBridge, id: string): Promise<Answer> {
  await bridge.bridge.writeStories();
  let answered: Answer | undefined;
  const terminal = {
    answer: (value: unknown, text: string) => {
      answered = { value: value as Answer['value'], text };
    },
    note() {},
    progress() {},
    confirm: async () => true,
    clear() {},
  };
  const args = { positionals: [id], options: {} };
  traceCommand.check?.(args);
  await traceCommand.run({ bridge: bridge.bridge, terminal, signal: new AbortController().signal }, args);
  assert.ok(answered);
  return answered;
}

/** The lines of the log from one place on. */
const linesFrom = (bridge: TestBridge, from: number) =>
  bridge
    .log()
    .slice(from)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => JSON.parse(line));

onBothStores('the story of a login', (store) => {
  const bridge = useBridge({ store });

  it('is told from the consent page to the end of its session, in order, under one id', async () => {
    const client = await register(bridge.url, { client_name: 'An editor' });
    const from = bridge.log().length;
    const { code, verifier } = await login(bridge.url, client, { login: 'monalisa' });
    const answer = await tokenRequest(bridge.url, redemption(client, code, verifier));
    const request = answer.headers.get('x-request-id') ?? '';
    const tokens = tokensOf(answer);
    for (let count = 0; count < 2; count += 1)
      assert.equal((await callTool(bridge.url, tokens.access_token, 'get_auth_status')).status, 200);
    const next = tokensOf(await tokenRequest(bridge.url, refreshing(client, tokens.refresh_token)));
    await postForm(`${bridge.url}/revoke`, { token: next.refresh_token, client_id: client.client_id });

    const session = bridge.eventsOf('login.completed').at(-1);
    assert.ok(session);
    const id = loginOf(session.grant);
    const { value, text } = await trace(bridge, id);
    assert.equal(value.login, id);
    assert.deepEqual(
      value.happenings.map(({ event }) => event),
      [
        'consent.shown',
        'consent.allowed',
        'login.returned',
        'login.completed',
        'code.redeemed',
        'session.used',
        'refresh_token.rotated',
        'grant.ended',
      ],
    );
    const name = `${session.person}.${session.grant}`;
    assert.deepEqual(parseSid(name), { person: session.person, grant: session.grant });
    const { time, request: _, ...ended } = value.happenings.at(-1) ?? {};
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(ended, {
      event: 'grant.ended',
      address: '127.0.0.1',
      client: client.client_id,
      person: session.person,
      session: name,
      github_id: session.githubId,
      github_login: 'monalisa',
      outcome: 'revoked',
      by: 'client',
      via: 'client',
    });
    assert.match(text, /the person was asked for consent .*\n.*allowed it/);
    assert.match(
      text,
      /the session ended: revoked, by client, via client {2}client \S+ {2}monalisa \(id:\d+\) {2}from 127/,
    );
    // Whoever has the session’s name, or the X-Request-Id of an answer, finds the same.
    assert.deepEqual((await trace(bridge, name)).value, value);
    assert.deepEqual((await trace(bridge, request)).value, value);
    assert.deepEqual((await trace(bridge, id.toUpperCase())).value, value);

    const lines = linesFrom(bridge, from);
    const events = lines.map(({ event }) => event);
    for (const line of lines) if (line.login !== undefined) assert.equal(line.login, id, JSON.stringify(line));
    for (const event of [
      'consent.shown',
      'login.completed',
      'code.redeemed',
      'tool.called',
      'grant.ended',
      'github.call',
    ])
      assert.ok(
        lines.some((line) => line.event === event && line.login === id),
        `${event} in ${events}`,
      );
    // Every request of it, /authorize included.
    const requests = lines.filter(({ event }) => event === 'request');
    for (const path of ['/authorize', '/consent', '/github/callback', '/token', '/mcp', '/revoke'])
      assert.ok(
        requests.some((line) => line.path === path && line.login === id),
        path,
      );
    const called = lines.find(({ event }) => event === 'tool.called');
    assert.partialDeepStrictEqual(called, {
      level: 'info',
      audit: true,
      via: 'tool',
      address: '127.0.0.1',
      clientId: client.client_id,
      person: session.person,
      grant: session.grant,
      githubId: session.githubId,
      githubLogin: 'monalisa',
      tool: 'get_auth_status',
      outcome: 'ok',
    });
  });

  it('is told of a login that failed, by the id that its page shows', async () => {
    const client = await register(bridge.url);
    const browser = createAgent();
    const page = await browser.get(authorizationUrl(bridge.url, client, pkce().challenge));
    const [id] = /[0-9a-hjkmnp-tv-z]{16}/.exec(/<code class="all">[^<]+/.exec(page.html)?.[0] ?? '') ?? [];
    assert.ok(id, 'the consent page shows it');
    const toGithub = await browser.submit(page.form('/consent'), { button: 'allow' });
    const state = toGithub.location?.searchParams.get('state') ?? '';
    const stranger = createAgent();
    const refused = await stranger.get(`${bridge.url}/github/callback?${new URLSearchParams({ state, code: 'x' })}`);
    assert.equal(refused.status, 400);
    assert.ok(refused.html.includes(id), 'and so does the page that refuses the login');
    const { value, text } = await trace(bridge, id);
    assert.deepEqual(
      value.happenings.map(({ event, outcome }) => [event, outcome]),
      [
        ['consent.shown', undefined],
        ['consent.allowed', undefined],
        ['request.failed', 'other_browser'],
      ],
    );
    assert.match(text, /a request was refused or failed: other_browser, .* at \/github\/callback/);
  });

  it('is not begun by whoever makes up the id of a login', async () => {
    const made = '0'.repeat(16);
    const browser = createAgent();
    const state = `${made}-aaaaaaaa.${'b'.repeat(43)}`;
    const refused = await browser.get(`${bridge.url}/github/callback?${new URLSearchParams({ state, code: 'x' })}`);
    assert.equal(refused.status, 400);
    assert.ok(refused.html.includes(made));
    await assert.rejects(
      trace(bridge, made),
      /no story of login 0000000000000000: it is kept for one day, and for seven once/,
    );
    assert.deepEqual(await bridge.store.stories.read(made), []);
  });

  it('is kept for seven days once the browser came back from GitHub', async () => {
    const client = await register(bridge.url);
    await login(bridge.url, client);
    const id = loginOf(bridge.eventsOf('login.completed').at(-1)?.grant ?? '');
    assert.equal((await trace(bridge, id)).value.happenings.length, 4);
    bridge.advance(7 * 86400 + 1);
    await assert.rejects(trace(bridge, id), /no story/);
  });
});

describe('the name of a login', () => {
  it('that is none is refused before anything is opened', () => {
    for (const id of ['', 'nonsense', 'https://example.org/a', '\u001b[2J'])
      assert.throws(() => traceCommand.check?.({ positionals: [id], options: {} }), {
        name: 'Misuse',
        message: /^"[\w:/.[]*" names no login: write the 16 letters/,
      });
  });
});
