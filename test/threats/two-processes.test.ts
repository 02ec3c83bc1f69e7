// Threats 1, 3, 5, 10 and 12 again, as races between two real processes that share one Redis.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { NO_ENV_FILE } from '../programs.ts';
import { createAgent } from '../support/agent.ts';
import {
  authorizationUrl,
  callTool,
  getJson,
  type JsonAnswer,
  login,
  passGithub,
  pkce,
  postForm,
  redemption,
  refreshing,
  register,
  tokenRequest,
  tokensOf,
} from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { assertRefused, atOnce, sendRaw } from './attack.ts';

const SECRET = 'a secret of two processes that is long enough';

describe('two processes on one Redis', () => {
  let redis: RedisServer;
  let github: SimulatedGitHub;
  const processes: ChildProcess[] = [];
  /** The public address, which is that of the first process, and the address of the second one. */
  let [url, second] = ['', ''];

  before(async () => {
    const [port, otherPort] = [await freePort(), await freePort()];
    [url, second] = [`http://localhost:${port}`, `http://localhost:${otherPort}`];
    redis = await startRedis();
    github = createSimulatedGitHub({
      apps: [
        {
          kind: 'oauth-app',
          name: 'Two processes',
          clientId: 'two',
          clientSecret: 'processes',
          callbackUrls: [`${url}/github/callback`],
        },
      ],
    });
    const githubUrl = await github.listen();
    for (const PORT of [port, otherPort]) {
      const child = spawn(process.execPath, [new URL('../../src/main.ts', import.meta.url).pathname], {
        env: {
          GITHUB_CLIENT_ID: 'two',
          GITHUB_CLIENT_SECRET: 'processes',
          GITHUB_URL: githubUrl,
          PUBLIC_URL: url,
          PORT: String(PORT),
          HOST: '127.0.0.1',
          REDIS_URL: redis.url,
          BRIDGE_SECRET: SECRET,
          LOG_LEVEL: 'silent',
        },
        cwd: NO_ENV_FILE,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      processes.push(child);
    }
    for (const origin of [url, second])
      await until(async () => (await fetch(`${origin}/readyz`)).status === 200, { what: origin });
  });
  after(async () => {
    for (const child of processes) {
      if (child.exitCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await github.close();
    await redis.stop();
  });

  /** The address of the first process and of the second one, in turn. */
  const either = (index: number): string => (index % 2 === 0 ? url : second);

  const works = async (token: string) => {
    const statuses = await Promise.all(
      [url, second].map(async (at) => (await callTool(at, token, 'get_auth_status')).status),
    );
    assert.equal(statuses[0], statuses[1], 'the processes disagree');
    return statuses[0] === 200;
  };

  it('#1 one code redeemed 50 times at once at both gives tokens once, and those die by the replay', async () => {
    const client = await register(url);
    const { code, verifier } = await login(url, client);
    const answers = await atOnce(50, (index) => tokenRequest(either(index), redemption(client, code, verifier)));
    const given = answers.filter(({ status }) => status === 200);
    assert.equal(given.length, 1);
    for (const answer of answers) if (answer !== given[0]) assertRefused(answer, 'invalid_grant');
    assert.equal(await works(tokensOf(given[0] ?? (answers[0] as JsonAnswer)).access_token), false);
  });

  it('#3 one refresh token used 20 times at once at both gives one family', async () => {
    const client = await register(url);
    const { code, verifier } = await login(url, client);
    const tokens = tokensOf(await tokenRequest(second, redemption(client, code, verifier)));
    const answers = await atOnce(20, (index) => tokenRequest(either(index), refreshing(client, tokens.refresh_token)));
    const [first, ...others] = answers.map(tokensOf);
    assert.ok(first);
    for (const other of others) assert.equal(other.refresh_token, first.refresh_token);
    const turned = tokensOf(await tokenRequest(url, refreshing(client, first.refresh_token)));
    // A token that was rotated twice, at the process that did not rotate it.
    assertRefused(await tokenRequest(second, refreshing(client, tokens.refresh_token)), 'invalid_grant');
    assert.equal(await works(turned.access_token), false);
  });

  it('#5 one state taken back 20 times at once at both gives one code', async () => {
    const client = await register(url);
    const browser = createAgent();
    const page = await browser.get(authorizationUrl(url, client, pkce().challenge));
    const back = await passGithub(browser, await browser.submit(page.form('/consent'), { button: 'allow' }), 'octocat');
    assert.ok(back.location);
    const cookie = browser.jar.header(back.location) ?? '';
    const { pathname, search } = back.location;
    const pages = await atOnce(20, (index) =>
      createAgent().get(`${either(index)}${pathname}${search}`, { headers: { cookie, host: new URL(url).host } }),
    );
    assert.equal(pages.filter((page) => page.forms().some(({ action }) => action.pathname === '/connect')).length, 1);
  });

  it('#10 what one revokes the other refuses, although it has just accepted it', async () => {
    const client = await register(url);
    const { code, verifier } = await login(url, client);
    const tokens = tokensOf(await tokenRequest(url, redemption(client, code, verifier)));
    assert.equal(await works(tokens.access_token), true);
    await postForm(`${second}/revoke`, { token: tokens.access_token, client_id: client.client_id });
    assert.equal(await works(tokens.access_token), false);
  });

  it('#12 one client assertion shown 20 times at once to both counts once', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const client = await register(url, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'key' }] },
    });
    const client_assertion = await new SignJWT({ jti: 'once' })
      .setProtectedHeader({ alg: 'ES256', kid: 'key' })
      .setIssuer(client.client_id)
      .setSubject(client.client_id)
      .setAudience(url)
      .setExpirationTime('1m')
      .sign(privateKey);
    const answers = await atOnce(20, (index) =>
      tokenRequest(either(index), {
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_id: client.client_id,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion,
      }),
    );
    assert.equal(answers.filter(({ body }) => body.error === 'invalid_grant').length, 1);
    assert.equal(answers.filter(({ body }) => body.error === 'invalid_client').length, 19);
  });

  it('#10 both sign with the same keys, as the same issuer', async () => {
    const [one, two] = [
      await getJson(`${url}/.well-known/jwks.json`),
      await getJson(`${second}/.well-known/jwks.json`),
    ];
    assert.deepEqual(one.body, two.body);
    const metadata = await getJson(`${second}/.well-known/oauth-authorization-server`);
    assert.equal(metadata.body.issuer, url);
  });

  it('#22 as many cookies as a browser keeps, of consents that somebody else began, do not stop a login', async () => {
    // Chromium keeps 180 cookies for a site.
    const cookies = Array.from(
      { length: 180 },
      (_, index) => `__Host-consent-${String(index).padEnd(22, 'x')}=${'y'.repeat(43)}`,
    );
    const { status } = await sendRaw(
      url,
      `GET / HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: close\r\nCookie: ${cookies.join('; ')}\r\nUser-Agent: ${'z'.repeat(2000)}\r\n\r\n`,
    );
    assert.equal(status, 200);
  });
});
