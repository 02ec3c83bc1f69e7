// While GitHub is in trouble nobody is logged out: a tool says what happened and when to try again, a login ends with a page
// that explains it and with an error for the client, and the session works again when GitHub does.
import assert from 'node:assert/strict';
import { afterEach, before, it } from 'node:test';
import type { Fault, FaultEffect } from '../../demo/github/index.ts';
import type { Page } from '../support/agent.ts';
import { bridgeFor, CLIENT_ID, onBothStores, useBridge } from '../support/bridge.ts';
import { authorizeInBrowser, register } from '../support/oauth.ts';
import {
  type Connected,
  connect,
  loginIn,
  SHORT,
  TOKEN_ENDPOINT,
  troubleIn,
  USER,
  withLongTokens,
} from './fixtures.ts';

const ALWAYS = Number.POSITIVE_INFINITY;

onBothStores('a tool call while GitHub is in trouble', (store) => {
  const bridge = useBridge(withLongTokens({ store, timeouts: { ...SHORT, call: 3_000, answer: 5_000 } }));
  let person: Connected;
  before(async () => {
    person = await connect(bridge, { scope: 'read:user user:email read:org repo' });
    bridge.github.clearCalls();
  });
  afterEach(() => {
    bridge.github.clearFaults();
    bridge.github.clearCalls();
  });

  async function survived(): Promise<void> {
    bridge.github.clearFaults();
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal((await person.refresh()).status, 200);
    assert.deepEqual(bridge.eventsOf('grant.ended'), []);
  }

  const limits: readonly { effect: FaultEffect; wait: number }[] = [
    { effect: { kind: 'primary-rate-limit', status: 403, resetAfter: 1800 }, wait: 1800 },
    { effect: { kind: 'primary-rate-limit', status: 429, resetAfter: 90 }, wait: 90 },
    { effect: { kind: 'secondary-rate-limit', status: 403, retryAfter: 45 }, wait: 45 },
    { effect: { kind: 'secondary-rate-limit', status: 429, retryAfter: 77 }, wait: 77 },
    { effect: { kind: 'status', status: 429 }, wait: 60 },
    { effect: { kind: 'status', status: 403, body: { message: 'API rate limit exceeded' } }, wait: 60 },
  ];
  for (const { effect, wait } of limits) {
    const status = 'status' in effect ? effect.status : '';
    it(`says when a limit ends, and does not ask again before: ${effect.kind} ${status}, ${wait} s`, async () => {
      bridge.github.fault({ ...effect, path: USER });
      const answer = await person.profile();
      assert.equal(answer.status, 200);
      const text = troubleIn(answer) ?? '';
      assert.match(text, /^GitHub limits the requests of this account for now\. Try again in \d+ seconds\.$/);
      const said = Number(/\d+/.exec(text)?.[0]);
      assert.ok(said <= wait && said >= wait - 2, `${said} is about ${wait}`);
      assert.equal(bridge.github.callsTo('GET', USER).length, 1);
      await survived();
    });
  }

  it('waits for a limit that lasts one second', async () => {
    bridge.github.fault({ kind: 'secondary-rate-limit', retryAfter: 1, path: USER });
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(bridge.github.callsTo('GET', USER).length, 2);
  });

  it('says when the limit of the hour ends, which GitHub answers like a refusal', async () => {
    bridge.github.setRateLimitRemaining('octocat', 0);
    const answer = await person.call('list_organizations');
    assert.match(
      troubleIn(answer) ?? '',
      /^GitHub limits the requests of this account for now\. Try again in 3\d\d\d s/,
    );
    bridge.github.setRateLimitRemaining('octocat', 5000);
    await survived();
  });

  it('is tried again when GitHub failed to answer, and then succeeds', async () => {
    bridge.github.fault({ kind: 'status', status: 502, path: USER });
    bridge.github.fault({ kind: 'drop', path: USER });
    assert.equal(loginIn(await person.profile()), 'octocat');
    assert.equal(bridge.github.callsTo('GET', USER).length, 3);
  });

  it('gives up after three tries, and says what is wrong', async () => {
    const rows: readonly { tool: string; fault: Fault; words: string }[] = [
      {
        tool: 'get_user_profile',
        fault: { kind: 'status', status: 500, path: USER },
        words: 'GitHub has a problem of its own (500). Try again in 30 seconds.',
      },
      {
        tool: 'list_user_emails',
        fault: { kind: 'status', status: 502, body: '<h1>Unicorn!</h1>', path: `${USER}/emails` },
        words: 'GitHub has a problem of its own (502). Try again in 30 seconds.',
      },
      {
        tool: 'list_organizations',
        fault: { kind: 'status', status: 503, headers: { 'retry-after': '7' }, path: `${USER}/orgs` },
        words: 'GitHub has a problem of its own (503). Try again in 7 seconds.',
      },
      {
        tool: 'list_repositories',
        fault: { kind: 'drop', path: `${USER}/repos` },
        words: 'GitHub cannot be reached. Try again in 30 seconds.',
      },
    ];
    for (const { fault } of rows) bridge.github.fault({ ...fault, times: ALWAYS });
    await Promise.all(
      rows.map(async ({ tool, fault, words }) => {
        const answer = await person.call(tool);
        assert.equal(answer.status, 200);
        assert.equal(troubleIn(answer), words);
        assert.equal(bridge.github.callsTo('GET', fault.path ?? '').length, 3, tool);
      }),
    );
    await survived();
  });

  for (const content of ['junk', 'truncated-json', 'html', 'empty'] as const) {
    it(`says so when the answer is no JSON: ${content}`, async () => {
      bridge.github.fault({ kind: 'malformed', content, path: USER });
      const answer = await person.profile();
      assert.equal(answer.status, 200);
      assert.match(troubleIn(answer) ?? '', /^GitHub answered with something that is not JSON\./);
      await survived();
    });
  }

  it('says so when the answer is of a type that is neither JSON nor text', async () => {
    const headers = { 'content-type': 'application/octet-stream' };
    bridge.github.fault({ kind: 'status', status: 200, body: '{"id":1,"login":"octocat"}', headers, path: USER });
    assert.match(troubleIn(await person.profile()) ?? '', /^GitHub answered with something that is not JSON\./);
    await survived();
  });

  it('says that GitHub refuses it, and why', async () => {
    bridge.github.fault({
      kind: 'status',
      status: 403,
      body: { message: 'Resource protected by organization SAML enforcement.' },
      path: `${USER}/orgs`,
    });
    const answer = await person.call('list_organizations');
    assert.match(troubleIn(answer) ?? '', /^GitHub refused: Resource protected by organization SAML enforcement\./);
    await survived();
  });
});

onBothStores('a GitHub that hangs', (store) => {
  it('is given up when its time is over, and delays only those who called it', async (t) => {
    const bridge = await bridgeFor(t, withLongTokens({ store, timeouts: { ...SHORT, call: 600 } }));
    const person = await connect(bridge, { scope: 'repo' });
    const somebodyElse = await connect(bridge, { login: 'monalisa', scope: 'repo' });
    const [path, hanging] = [`${USER}/repos`, 12];
    const arrived = bridge.github.nextCall('GET', path);
    bridge.github.fault({ kind: 'hang', path, times: hanging });
    // Two more than are sent at once for one credential.
    const calls = Array.from({ length: hanging }, (_, index) => person.call('list_repositories', { page: index + 1 }));
    await arrived;
    assert.equal(loginIn(await somebodyElse.profile()), 'monalisa');
    for (const answer of await Promise.all(calls))
      assert.equal(troubleIn(answer), 'GitHub did not answer in time. Try again in 30 seconds.');
    bridge.github.clearFaults();
    assert.equal(loginIn(await person.profile()), 'octocat');
  });

  it('during twelve logins does not delay the next one', async (t) => {
    const bridge = await bridgeFor(t, withLongTokens({ store, timeouts: { ...SHORT, call: 20_000 } }));
    bridge.github.fault({ kind: 'hang', path: USER, times: 12 });
    const stuck: Promise<unknown>[] = [];
    for (let index = 0; index < 12; index++) {
      const arrived = bridge.github.nextCall('GET', USER);
      const client = await register(bridge.url);
      stuck.push(authorizeInBrowser(bridge.url, client, { login: 'hubot' }));
      await arrived;
    }
    assert.equal(loginIn(await (await connect(bridge, { login: 'monalisa' })).profile()), 'monalisa');
    bridge.github.clearFaults();
    await Promise.all(stuck);
  });
});

onBothStores('a login while GitHub is in trouble', (store) => {
  const bridge = useBridge(withLongTokens({ store, timeouts: SHORT }));
  afterEach(() => bridge.github.clearFaults());

  /** The parameters that the button of the page takes to the client. */
  function carried(page: Page): URLSearchParams {
    const { href, searchParams } = page.buttonLink ?? new URL('about:blank');
    assert.ok(href.startsWith('http://localhost:45001/callback?'), `carried to the client: ${href}`);
    return searchParams;
  }

  async function refusedLogin(status: number, error: string, words: RegExp): Promise<void> {
    const { answer } = await authorizeInBrowser(bridge.url, await register(bridge.url));
    assert.equal(answer.status, status);
    assert.match(answer.text, words);
    const response = carried(answer);
    assert.equal(response.get('error'), error);
    assert.equal(response.get('state'), 'state-of-the-client');
    assert.equal(response.get('iss'), bridge.url);
    assert.equal(response.has('code'), false);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }

  const outages: readonly FaultEffect[] = [
    { kind: 'status', status: 503 },
    { kind: 'secondary-rate-limit', status: 403 },
    { kind: 'secondary-rate-limit', status: 429 },
    { kind: 'drop' },
    { kind: 'hang' },
    { kind: 'malformed', content: 'html' },
    { kind: 'malformed', content: 'truncated-json' },
  ];
  for (const path of [TOKEN_ENDPOINT, USER]) {
    for (const effect of outages) {
      const status = 'status' in effect ? effect.status : ('content' in effect && effect.content) || '';
      it(`ends with temporarily_unavailable for the client: ${effect.kind} ${status} at ${path}`, async () => {
        bridge.github.fault({ ...effect, path, times: ALWAYS });
        // Only the API says that it limits an account; the token endpoint knows none yet.
        const words =
          effect.kind === 'secondary-rate-limit' && path === USER
            ? /GitHub limits the requests of this account.*stay connected.*Try again in \d+/
            : /GitHub does not answer.*stay connected/;
        await refusedLogin(503, 'temporarily_unavailable', words);
      });
    }
  }

  it('ends with temporarily_unavailable when GitHub has suspended the app', async () => {
    bridge.github.app(CLIENT_ID).suspended = true;
    await refusedLogin(503, 'temporarily_unavailable', /suspended/);
    bridge.github.app(CLIENT_ID).suspended = false;
  });

  it('ends with server_error when GitHub does not accept the secret of the app', async () => {
    bridge.github.app(CLIENT_ID).clientSecret = 'another';
    await refusedLogin(500, 'server_error', /not set up correctly/);
    bridge.github.app(CLIENT_ID).clientSecret = bridge.config.github.clientSecret;
  });

  it('ends with server_error when the callback address is not registered at GitHub', async () => {
    const app = bridge.github.app(CLIENT_ID);
    const { callbackUrls } = app;
    app.kind = 'github-app';
    app.callbackUrls = [`${bridge.url}/github/callback?another=one`];
    await refusedLogin(500, 'server_error', /not set up correctly/);
    Object.assign(app, { kind: 'oauth-app', callbackUrls });
  });

  it('ends with server_error when GitHub does not accept its own code any more', async () => {
    bridge.github.fault({
      kind: 'status',
      status: 200,
      body: { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' },
      path: TOKEN_ENDPOINT,
    });
    await refusedLogin(400, 'server_error', /try again|connect again/i);
  });

  it('ends with access_denied when GitHub refuses the account, and the page says what to do', async () => {
    bridge.github.fault({
      kind: 'status',
      status: 403,
      body: { message: 'Sorry. Your account was suspended.' },
      path: USER,
    });
    await refusedLogin(403, 'access_denied', /GitHub does not let this account through/);
    const account = bridge.github.account('octocat');
    const { emails } = account;
    account.emails = [{ email: 'octocat@example.com', primary: true, verified: false, visibility: null }];
    await refusedLogin(403, 'access_denied', /verify your primary email address/);
    Object.assign(account, { emails });
  });

  it('goes straight back to the client with access_denied when the person cancels', async () => {
    const { answer, response } = await authorizeInBrowser(bridge.url, await register(bridge.url), {
      login: 'hubot',
      github: 'cancel',
    });
    assert.equal(answer.status, 302);
    assert.equal(response.get('error'), 'access_denied');
    assert.equal(response.get('state'), 'state-of-the-client');
    assert.equal(response.get('iss'), bridge.url);
  });

  it('leaves nothing behind: afterwards the same person logs in', async () => {
    assert.equal(loginIn(await (await connect(bridge)).profile()), 'octocat');
  });
});
