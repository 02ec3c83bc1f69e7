// Threat 9: a token, code or secret that somebody could read: in the store, the log, an answer or an address.
import assert from 'node:assert/strict';
import { createPrivateKey, type JsonWebKey } from 'node:crypto';
import { before, it } from 'node:test';
import { z } from 'zod';
import type { SimulatedApp } from '../../demo/github/index.ts';
import { hashToken } from '../../src/security/secrets.ts';
import { type Agent, createAgent } from '../support/agent.ts';
import { CLIENT_SECRET, onBothStores, useBridge } from '../support/bridge.ts';
import {
  authorizationUrl,
  callTool,
  passGithub,
  pkce,
  postForm,
  redemption,
  refreshing,
  register,
  returnToClient,
  type TestClient,
  type Tokens,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';

const APPS: Record<string, Partial<SimulatedApp>> = {
  'an OAuth App': {},
  'a GitHub App, whose tokens expire': { kind: 'github-app', permissions: ['email_addresses', 'profile'] },
};

for (const [what, app] of Object.entries(APPS)) {
  onBothStores(`secrets at rest, with ${what}`, (store) => {
    const bridge = useBridge({ store, app });
    /** Every secret, by its name. */
    const secrets = new Map<string, string>();
    /** Every answer of the bridge, except those that give a token to its owner. */
    const answers: string[] = [];
    let client: TestClient;

    const keep = (name: string, value: string | null | undefined): void => {
      assert.ok(value && value.length >= 16, `there is no ${name}`);
      secrets.set(name, value);
    };

    /** Walks a login step by step, and keeps every secret on the way. */
    async function logInWatched(name: string, browser: Agent, person = 'octocat'): Promise<Tokens> {
      const { verifier, challenge } = pkce();
      keep(`${name}: PKCE verifier`, verifier);
      const parameters = { scope: 'openid profile email read:user user:email', nonce: `nonce of ${name}` };
      const page = await browser.get(authorizationUrl(bridge.url, client, challenge, parameters));
      answers.push(page.html);
      const form = page.form('/consent');
      keep(`${name}: CSRF value`, Object.fromEntries(form.fields).csrf);
      keepCookies(name, browser);
      const toGithub = await browser.submit(form, { button: 'allow' });
      keep(`${name}: state at GitHub`, toGithub.location?.searchParams.get('state'));
      keepCookies(name, browser);
      const back = await passGithub(browser, toGithub, person);
      keep(`${name}: code of GitHub`, back.location?.searchParams.get('code'));
      const answer = await returnToClient(browser, back);
      keepCookies(name, browser);
      const code = answer.location?.searchParams.get('code') ?? '';
      keep(`${name}: authorization code`, code);
      return keepTokens(name, tokensOf(await tokenRequest(bridge.url, redemption(client, code, verifier))));
    }

    function keepTokens(name: string, tokens: Tokens): Tokens {
      keep(`${name}: access token`, tokens.access_token);
      keep(`${name}: refresh token`, tokens.refresh_token);
      if (tokens.id_token !== undefined) keep(`${name}: ID token`, tokens.id_token);
      for (const { token, refreshToken } of bridge.github.liveTokens()) {
        keep(`${name}: token at GitHub ${token.slice(-4)}`, token);
        if (refreshToken !== undefined) keep(`${name}: refresh token at GitHub ${token.slice(-4)}`, refreshToken);
      }
      return tokens;
    }

    function keepCookies(name: string, browser: Agent): void {
      for (const cookie of browser.jar.all())
        if (cookie.name.startsWith('bridge-')) keep(`${name}: cookie ${cookie.name}`, cookie.value);
    }

    before(async () => {
      client = await register(bridge.url, { token_endpoint_auth_method: 'client_secret_post' });
      keep('client secret', client.client_secret);
      keep('registration token', client.registration_access_token);
      keep('client secret of the GitHub app', CLIENT_SECRET);
      for (const secret of bridge.config.secrets) keep('BRIDGE_SECRET', secret);

      const browser = createAgent();
      const first = await logInWatched('first login', browser);
      const second = await logInWatched('second login', browser);
      const refreshed = keepTokens(
        'refresh',
        tokensOf(await tokenRequest(bridge.url, refreshing(client, first.refresh_token))),
      );
      const repeated = await tokenRequest(bridge.url, refreshing(client, first.refresh_token));
      assert.equal(tokensOf(repeated).refresh_token, refreshed.refresh_token);
      for (const tool of ['get_user_profile', 'get_auth_status', 'list_user_emails', 'list_repositories'])
        answers.push((await callTool(bridge.url, refreshed.access_token, tool)).text);
      for (const path of ['/userinfo', '/.well-known/jwks.json', '/register/x', '/readyz'])
        answers.push(await (await fetch(`${bridge.url}${path}`, { headers: bearer(refreshed) })).text());

      answers.push(await bridge.metrics());

      const start = await browser.get(`${bridge.url}/account`);
      const toGithub = await browser.submit(start.form('/account/sign-in'));
      keep('account: state at GitHub', toGithub.location?.searchParams.get('state'));
      keepCookies('account', browser);
      const signedIn = await returnToClient(browser, await passGithub(browser, toGithub, 'octocat'));
      keepCookies('account', browser);
      answers.push((await browser.follow(signedIn)).html);

      // Errors are answered and logged too: each secret is sent where it is wrong.
      for (const [name, value] of [...secrets]) {
        for (const path of ['/token', '/revoke', '/introspect', '/consent']) {
          const form = { grant_type: 'authorization_code', code: value, client_id: value, token: value, csrf: value };
          const body = new URLSearchParams({ ...form, refresh_token: value, state: value });
          const init = { method: 'POST', body, headers: { authorization: `Bearer ${value}` } };
          answers.push(await answered(fetch(`${bridge.url}${path}`, init), name));
        }
        const query = new URLSearchParams({ access_token: value, state: value, code: value, client_id: value });
        query.set('error', value);
        query.set('error_description', value);
        for (const path of ['/mcp', '/github/callback', '/authorize', '/account', '/userinfo'])
          answers.push(await answered(fetch(`${bridge.url}${path}?${query}`, { redirect: 'manual' }), name));
      }
      tokensOf(await tokenRequest(bridge.url, refreshing(client, second.refresh_token)));
    });

    const bearer = (tokens: Tokens) => ({ authorization: `Bearer ${tokens.access_token}` });

    /** Headers and body of an answer; fails for a 5xx. Its address is left out, because it repeats what the request sent. */
    async function answered(sending: Promise<Response>, name: string): Promise<string> {
      const response = await sending;
      const text = `${response.url} ${JSON.stringify([...response.headers])} ${await response.text()}`;
      assert.ok(response.status < 500, `${name}: ${response.status} ${text}`);
      return `${JSON.stringify([...response.headers])} ${text.slice(response.url.length)}`;
    }

    /** The signing keys, opened with the secret of the bridge. */
    async function keepPrivateKeys(): Promise<void> {
      const { value } = await bridge.store.shared.readDocument('signing-keys');
      const opened: unknown = JSON.parse(bridge.bridge.services.secrets.open(value, 'signing-keys'));
      const keys = z.array(z.object({ kid: z.string(), jwk: z.record(z.string(), z.unknown()) })).parse(opened);
      assert.ok(keys.length >= 2);
      for (const { kid, jwk } of keys) {
        for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi'])
          if (part in jwk) keep(`private key ${kid} ${part}`, String(jwk[part]));
        const pem = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({
          type: 'pkcs8',
          format: 'der',
        });
        keep(`private key ${kid} DER`, pem.toString('base64').slice(60, 120));
      }
    }

    /** The secret as it is, and in the encodings in which it could appear. */
    function spellings(secret: string): string[] {
      const bytes = Buffer.from(secret);
      const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
      return [secret, encodeURIComponent(secret), bytes.toString('hex'), whole.toString('base64')];
    }

    function assertNowhere(haystack: Buffer, where: string): void {
      for (const [name, secret] of secrets)
        for (const spelling of spellings(secret))
          assert.equal(haystack.includes(spelling), false, `${name} is in ${where}`);
    }

    it('#9 the whole store, byte for byte, holds no token, code, secret, verifier, cookie or private key', async () => {
      await keepPrivateKeys();
      const dump = await bridge.dumpStore();
      // The dump is complete: it has the client in the clear, and the code as its hash.
      assert.ok(dump.includes(client.client_id));
      assert.ok(dump.includes(hashToken(secrets.get('second login: authorization code') ?? '')));
      assertNowhere(dump, 'the store');
    });

    it('#9 the log at its most verbose holds no token, code, secret, verifier, cookie or private key', async () => {
      await keepPrivateKeys();
      const log = bridge.log();
      assert.ok(log.includes(client.client_id));
      assert.ok(log.includes('"path":"/github/callback"'));
      assertNowhere(Buffer.from(log), 'the log');
    });

    it("#9 no answer holds GitHub's token, a token of the bridge, or a secret of its own", () => {
      assert.ok(answers.length > 100);
      // A page may show the parameters of its request, but nothing else.
      const telling = answers.join('\n');
      for (const [name, secret] of secrets) {
        if (/CSRF value|PKCE|nonce/.test(name)) continue;
        assert.equal(telling.includes(secret), false, `${name} was answered`);
      }
    });

    it('#9 what went to GitHub and what came back has no secret in an address', () => {
      for (const { path, queryKeys } of bridge.github.calls) {
        for (const [name, secret] of secrets) assert.equal(path.includes(secret), false, `${name} is in ${path}`);
        for (const key of queryKeys) assert.doesNotMatch(key, /secret|token|verifier/);
      }
    });

    it('#9 a revoked session leaves its GitHub token sealed until GitHub was told', async () => {
      const tokens = await logInWatched('revoked login', createAgent(), 'hubot');
      bridge.github.fault({ kind: 'status', status: 503, method: 'DELETE', times: Number.POSITIVE_INFINITY });
      await postForm(`${bridge.url}/revoke`, {
        token: tokens.access_token,
        client_id: client.client_id,
        client_secret: client.client_secret,
      });
      await bridge.bridge.revocations.idle();
      assert.equal(bridge.github.liveTokens({ account: 'hubot' }).length, 1);
      assertNowhere(await bridge.dumpStore(), 'the store');
      assertNowhere(Buffer.from(bridge.log()), 'the log');
      bridge.github.clearFaults();
      bridge.advance(61);
      await bridge.bridge.maintain();
      assert.deepEqual(bridge.github.liveTokens({ account: 'hubot' }), []);
    });

    it("#9 what is sealed opens only as the record it is, and only with the bridge's own secret", async () => {
      const { secrets: own } = bridge.bridge.services;
      const { value } = await bridge.store.shared.readDocument('signing-keys');
      assert.throws(() => own.open(value, 'canaries'), /SealBroken|not sealed/);
      assert.throws(() => own.open(`${value.slice(0, -2)}AA`, 'signing-keys'), /SealBroken|tampered/);
      own.open(value, 'signing-keys');
    });
  });
}
