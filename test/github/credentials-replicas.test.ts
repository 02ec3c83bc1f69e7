// Credentials in two real processes (`node src/main.ts`) that share a Redis: what one process does to a credential, the other
// one knows. A crash during a refresh costs a new login at most.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { COMPILED, NO_ENV_FILE } from '../programs.ts';
import { callTool, logIn, register, type TestClient, type Tokens, type ToolAnswer } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { GITHUB_TOKEN_TTL, loginIn, TOKEN_ENDPOINT, troubleIn, USER } from './fixtures.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const CLIENT_ID = 'Iv1.replicas';
const CLIENT_SECRET = 'the secret of the app';

describe('two bridge processes on one Redis', () => {
  let redis: RedisServer;
  let github: SimulatedGitHub;
  let issuer: string;
  let [first, second]: (Replica | undefined)[] = [];

  before(async () => {
    redis = await startRedis();
    const port = await freePort();
    issuer = `http://localhost:${port}`;
    github = createSimulatedGitHub({
      apps: [
        {
          kind: 'oauth-app',
          name: 'Replicas',
          clientId: CLIENT_ID,
          clientSecret: CLIENT_SECRET,
          callbackUrls: [`${issuer}/github/callback`],
          expiringTokens: true,
        },
      ],
    });
    await github.listen();
    const start = (at: number) => startReplica(at, issuer, redis.url, github.url);
    [first, second] = await Promise.all([start(port), start(await freePort())]);
  });
  after(async () => {
    await Promise.all([first?.end('SIGTERM'), second?.end('SIGTERM')]);
    await github.close();
    await redis.stop();
  });
  afterEach(() => {
    github.clearFaults();
    github.clearCalls();
  });

  /** A login whose GitHub token is due at once. The next token lives as long as usual. */
  async function connectWithTokenThatIsDue(): Promise<{ client: TestClient; tokens: Tokens }> {
    const app = github.app(CLIENT_ID);
    app.accessTokenSeconds = 1;
    const client = await register(issuer);
    const tokens = await logIn(issuer, client, { parameters: { scope: 'repo' } });
    app.accessTokenSeconds = GITHUB_TOKEN_TTL;
    github.clearCalls();
    return { client, tokens };
  }

  const profile = (url: string, { access_token }: Tokens) => callTool(url, access_token, 'get_user_profile');
  const scriptsRun = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.cli('info', 'commandstats'))?.[1]);

  it('refresh a GitHub token once under fifty parallel calls', async () => {
    assert.ok(first && second);
    const urls = [first.url, second.url];
    const { tokens } = await connectWithTokenThatIsDue();
    const arrived = github.nextCall('POST', TOKEN_ENDPOINT);
    github.fault({ kind: 'hang', path: TOKEN_ENDPOINT });
    const runBefore = await scriptsRun();
    const calls = Array.from({ length: 50 }, (_, index) =>
      callTool(urls[index % 2] ?? '', tokens.access_token, 'list_repositories', { page: index + 1 }),
    );
    await arrived;
    // Each call has read its session, and the other process has tried to get the lease several times.
    await until(async () => (await scriptsRun()) > runBefore + 50 + 10, { what: 'the other process to wait' });
    github.clearFaults();
    for (const answer of await Promise.all(calls)) {
      assert.equal(answer.status, 200);
      assert.equal(troubleIn(answer), undefined);
    }
    assert.equal(github.callsTo('POST', TOKEN_ENDPOINT).length, 1);
    assert.equal(github.callsTo('GET', `${USER}/repos`).length, 50);
    assert.equal(github.liveTokens().length, 1);
  });

  it('both refuse a session at once that has ended at one of them', async () => {
    assert.ok(first && second);
    const client = await register(issuer);
    const tokens = await logIn(issuer, client, { login: 'hubot' });
    const other = await logIn(issuer, await register(issuer), { login: 'hubot' });
    for (const { url } of [first, second]) assert.equal(loginIn(await profile(url, tokens)), 'hubot');
    const body = new URLSearchParams({ token: tokens.access_token, client_id: client.client_id });
    await fetch(`${first.url}/revoke`, { method: 'POST', body });
    assert.equal((await profile(second.url, tokens)).status, 401);
    assert.equal(loginIn(await profile(second.url, other)), 'hubot');
    await github.revokeAuthorization('hubot', CLIENT_ID);
    assert.equal((await profile(first.url, other)).status, 401);
    assert.equal((await callTool(second.url, other.access_token, 'get_auth_status')).status, 401);
  });

  describe('when one is killed during a refresh', () => {
    /** Kills the first process before it gets GitHub's answer, ends its lease, and calls a tool at the second process. */
    async function crash(when: 'before' | 'after'): Promise<{ answer: ToolAnswer; client: TestClient }> {
      assert.ok(first && second);
      const { client, tokens } = await connectWithTokenThatIsDue();
      const arrived = github.nextCall('POST', TOKEN_ENDPOINT);
      github.fault({ kind: 'hang', when, path: TOKEN_ENDPOINT });
      const lost = profile(first.url, tokens).catch(() => undefined);
      await arrived;
      await until(
        () => when === 'before' || github.liveTokens().every(({ expiresAt = 0 }) => expiresAt > Date.now() + 1e6),
        {
          what: 'GitHub to have made the new pair',
        },
      );
      await first.end('SIGKILL');
      await lost;
      const [lease = ''] = (await redis.cli('keys', 'mgb:lease:refresh:*')).split('\n');
      assert.match(lease, /^mgb:lease:refresh:/, 'the dead process holds the lease');
      await redis.cli('del', lease);
      const answer = await profile(second.url, tokens);
      github.clearFaults();
      first = await startReplica(Number(new URL(issuer).port), issuer, redis.url, github.url);
      return { answer, client };
    }

    it('go on if GitHub had not begun it', async () => {
      const { answer } = await crash('before');
      assert.equal(loginIn(answer), 'octocat');
      assert.equal(github.callsTo('POST', TOKEN_ENDPOINT).length, 2);
    });

    it('need a new login if GitHub had renewed the token, because its answer is lost', async () => {
      const { answer, client } = await crash('after');
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
      assert.equal(loginIn(await profile(issuer, await logIn(issuer, client))), 'octocat');
    });
  });
});

interface Replica {
  readonly url: string;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

async function startReplica(port: number, issuer: string, redisUrl: string, githubUrl: string): Promise<Replica> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: NO_ENV_FILE,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...COMPILED,
      PATH: process.env.PATH,
      PUBLIC_URL: issuer,
      HOST: '127.0.0.1',
      PORT: String(port),
      REDIS_URL: redisUrl,
      BRIDGE_SECRET: 'one secret for both of the processes',
      GITHUB_URL: githubUrl,
      GITHUB_CLIENT_ID: CLIENT_ID,
      GITHUB_CLIENT_SECRET: CLIENT_SECRET,
      REGISTRATIONS_PER_HOUR: '10000',
      LOG_LEVEL: 'warn',
    },
  });
  const exited = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await ready(child, url);
  return {
    url,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

/** Resolves when the process answers. @throws {Error} with what it printed, when it ends before that */
async function ready(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  const hear = (text: string) => {
    said += text;
  };
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  const answers = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(async () => child.exitCode !== null || (await answers()), { what: `${url} to answer`, timeout: 60_000 });
  if (child.exitCode !== null) throw new Error(`the bridge ended: ${said}`);
}
