// docs/operating.md: its secrets are rotated and its incidents mended as it says, against bridges with sessions; each alert has its
// section, and what it names is there.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { commands } from '../src/admin/commands.ts';
import type { GithubBridge } from '../src/github-bridge.ts';
import { createSecrets } from '../src/security/secrets.ts';
import { startReceiver } from './hooks/receiver.ts';
import { start } from './programs.ts';
import { callTool, connect, getJson, logIn, refreshing, tokenRequest, tokensOf } from './support/oauth.ts';
import { freePort } from './support/ports.ts';
import { type RedisServer, startRedis } from './support/redis.ts';
import { runBridge } from './support/run-bridge.ts';
import { simulatedApp } from './support/simulated-app.ts';
import { until } from './support/until.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const DOCUMENT = read('docs/operating.md');
const [OLD, NEW] = [
  'the old secret of this bridge that is long enough',
  'the new secret of this bridge that is long enough',
];
const NO_JQ = spawnSync('jq', ['--version']).error !== undefined && 'no jq: apt-get install jq';
/** The id of octocat, who is an administrator. */
const ADMINISTRATOR = 583231;

type Environment = Record<string, string>;

/** The simulated GitHub, and the environment of a bridge at `url`. */
async function startParts(t: TestContext, kind: 'oauth-app' | 'github-app' = 'oauth-app') {
  const app = await simulatedApp(kind);
  const { github, url } = app;
  const env: Environment = {
    ...app.env,
    PUBLIC_URL: url,
    BRIDGE_SECRET: OLD,
    ADMIN_GITHUB_USERS: `id:${ADMINISTRATOR}`,
  };
  t.after(() => github.close());
  return { github, url, env };
}

/** Starts a bridge in place of the one at the same port, which is stopped first. Those that run are stopped at the end. */
function replicas(t: TestContext) {
  const running = new Map<string, GithubBridge>();
  t.after(() => Promise.all([...running.values()].map((bridge) => bridge.close())));
  return async function replace(env: Environment, beforeStart?: () => Promise<void>): Promise<void> {
    const { PORT = '' } = env;
    await running.get(PORT)?.close();
    await beforeStart?.();
    running.set(PORT, await runBridge(env));
  };
}

async function redisFor(t: TestContext, options = {}): Promise<RedisServer> {
  const redis = await startRedis(options);
  t.after(() => redis.stop());
  return redis;
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-operating-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Connected = Awaited<ReturnType<typeof connect>>;

/** Uses a session at each address: a call that asks GitHub, and a refresh. */
async function use(session: Connected, ...urls: string[]): Promise<void> {
  for (const url of urls) {
    const { status, result } = await callTool(url, session.tokens.access_token, 'get_user_profile');
    assert.deepEqual({ url, status, isError: result?.isError }, { url, status: 200, isError: undefined });
    session.tokens = tokensOf(await tokenRequest(url, refreshing(session.client, session.tokens.refresh_token)));
  }
}

/** The status of the administrators' page for who made a cookie for it with a secret. */
async function administrate(url: string, secret: string): Promise<number> {
  const account = { person: 'x', csrf: 'y', account: { id: ADMINISTRATOR, login: 'octocat' } };
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const cookie = createSecrets([secret]).seal(`${expires} ${JSON.stringify(account)}`, 'cookie:account');
  return (await fetch(`${url}/account/sessions`, { headers: { cookie: `bridge-account=${cookie}` } })).status;
}

describe('the rotation of secrets in docs/operating.md', () => {
  it('of BRIDGE_SECRET at two replicas logs nobody out at any step, and is refused when it is too early', async (t) => {
    const { url, env } = await startParts(t);
    const redis = await redisFor(t);
    const secondPort = String(await freePort());
    const [first, second] = [url, `http://localhost:${secondPort}`];
    const replace = replicas(t);
    const sessions: Connected[] = [];
    // One replica after the other: in between they have different secrets.
    for (const BRIDGE_SECRET of [OLD, `${OLD},${NEW}`, `${NEW},${OLD}`]) {
      for (const PORT of [env.PORT ?? '', secondPort]) {
        await replace({ ...env, REDIS_URL: redis.url, BRIDGE_SECRET, PORT });
        if (BRIDGE_SECRET === OLD && PORT !== secondPort) continue;
        sessions.push(await connect(first));
        for (const session of sessions) await use(session, first, second);
      }
    }
    const early = { ...env, REDIS_URL: redis.url, BRIDGE_SECRET: NEW, PORT: String(await freePort()) };
    await assert.rejects(runBridge(early), /BRIDGE_SECRET: not the one under which the store was made\./);
    for (const session of sessions) await use(session, first, second);
  });

  it('of GITHUB_CLIENT_SECRET logs nobody out, and fails logins alone while GitHub has another', async (t) => {
    const { github, url, env } = await startParts(t);
    const replace = replicas(t);
    const dataDir = folderFor(t);
    await replace({ ...env, DATA_DIR: dataDir });
    const session = await connect(url);
    github.app('the-app').clientSecret = 'the second secret';
    await use(session, url);
    await assert.rejects(logIn(url, session.client), /This server is not set up correctly/);
    await replace({ ...env, DATA_DIR: dataDir, GITHUB_CLIENT_SECRET: 'the second secret' });
    await use(session, url);
    await use(await connect(url), url);
  });

  it('of GITHUB_WEBHOOK_SECRET needs one restart', async (t) => {
    const { url, env } = await startParts(t, 'github-app');
    const replace = replicas(t);
    const dataDir = folderFor(t);
    const body = '{"zen":"x"}';
    const deliver = async (secret: string) => {
      const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
      const headers = {
        'content-type': 'application/json',
        'x-github-event': 'ping',
        'x-hub-signature-256': signature,
      };
      return (await fetch(`${url}/github/webhook`, { method: 'POST', headers, body })).status;
    };
    await replace({ ...env, DATA_DIR: dataDir, GITHUB_WEBHOOK_SECRET: 'the first' });
    assert.deepEqual([await deliver('the first'), await deliver('the second')], [204, 401]);
    await replace({ ...env, DATA_DIR: dataDir, GITHUB_WEBHOOK_SECRET: 'the second' });
    assert.deepEqual([await deliver('the first'), await deliver('the second')], [401, 204]);
  });

  it('of EVENTS_WEBHOOK_SECRET signs each event with both, so that the receiver may have either', async (t) => {
    const { url, env } = await startParts(t);
    const receiver = await startReceiver(t);
    const replace = replicas(t);
    const dataDir = folderFor(t);
    for (const secrets of [[OLD], [NEW, OLD], [NEW]]) {
      const hook = { EVENTS_WEBHOOK_URL: receiver.url, EVENTS_WEBHOOK_SECRET: secrets.join() };
      await replace({ ...env, DATA_DIR: dataDir, ...hook });
      const before = receiver.received.length;
      await connect(url);
      const event = await until(() => receiver.received[before], { what: 'an event' });
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = event.headers;
      const signed = (secret: string) =>
        `v1,${createHmac('sha256', secret).update(`${id}.${at}.${event.body}`).digest('base64')}`;
      assert.deepEqual(String(signatures).split(' ').sort(), secrets.map(signed).sort());
    }
  });

  it('of signing keys publishes new ones beside the old ones, and ends no token', async (t) => {
    const { url, env } = await startParts(t);
    const dataDir = folderFor(t);
    const replace = replicas(t);
    await replace({ ...env, DATA_DIR: dataDir });
    const session = await connect(url);
    const keys = async () =>
      String(JSON.stringify((await getJson(`${url}/.well-known/jwks.json`)).body)).match(/"kid"/g);
    assert.equal((await keys())?.length, 2);
    for (const args of [
      ['keys', 'rotate'],
      ['keys', 'rotate', '--now'],
    ]) {
      const { code, stderr } = await start('admin/main.ts', { ...env, DATA_DIR: dataDir }, args).ended;
      assert.equal(code, 0, stderr);
    }
    // As after a minute: the set is read again.
    await replace({ ...env, DATA_DIR: dataDir });
    assert.equal((await keys())?.length, 6);
    await use(session, url, url);
  });

  it('of the password of Redis keeps connections and sessions', async (t) => {
    const { url, env } = await startParts(t);
    const redis = await redisFor(t, { requirePass: 'first' });
    const replace = replicas(t);
    await replace({ ...env, REDIS_URL: redis.url });
    const session = await connect(url);
    await redis.cli('ACL', 'SETUSER', 'default', '>second');
    await use(session, url);
    const second = redis.url.replace(':first@', ':second@');
    await replace({ ...env, REDIS_URL: second });
    await use(session, url);
    const end = ['-p', String(redis.port), '-a', 'second', '--no-auth-warning', 'ACL', 'SETUSER', 'default', '<first'];
    assert.equal((await promisify(execFile)('redis-cli', end)).stdout.trim(), 'OK');
    await use(session, url);
    const late = { ...env, REDIS_URL: redis.url, PORT: String(await freePort()) };
    await assert.rejects(runBridge(late), /REDIS_URL: Redis does not answer \(WRONGPASS/);
  });
});

describe('the recipe of docs/operating.md for a leaked BRIDGE_SECRET', () => {
  /** What the recipe ends, and what it keeps. */
  async function recover(
    t: TestContext,
    where: Environment,
    empty: (command: string) => Promise<void>,
    pattern: RegExp,
  ) {
    const { github, url, env } = await startParts(t);
    const replace = replicas(t);
    await replace({ ...env, ...where });
    const { client, tokens } = await connect(url);
    assert.equal(await administrate(url, OLD), 200, 'the secret is worth what the document says');
    await replace({ ...env, ...where, BRIDGE_SECRET: `${NEW},${OLD}` });
    assert.equal(await administrate(url, OLD), 200, 'a rotation does not help');
    const [, command = ''] = pattern.exec(DOCUMENT) ?? [];
    await replace({ ...env, ...where, BRIDGE_SECRET: NEW }, async () => {
      for (const { token } of github.liveTokens()) github.revokeToken(token);
      await empty(command);
    });
    assert.equal(await administrate(url, OLD), 404);
    assert.equal((await callTool(url, tokens.access_token, 'get_auth_status')).status, 401);
    const again = await logIn(url, client);
    assert.equal((await callTool(url, again.access_token, 'get_user_profile')).status, 200);
  }

  it('ends everything but registrations, on Redis', async (t) => {
    const redis = await redisFor(t);
    const empty = async (command: string) => {
      const here = command.replaceAll('redis-cli', `redis-cli -u ${redis.url}`);
      await promisify(execFile)('sh', ['-c', here]);
    };
    await recover(t, { REDIS_URL: redis.url }, empty, /^ +(redis-cli --scan .*)$/m);
  });

  it('ends everything but registrations, on SQLite', async (t) => {
    const dataDir = folderFor(t);
    const empty = async (command: string) => {
      const database = new DatabaseSync(join(dataDir, 'bridge.db'));
      database.exec(command);
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      const left = JSON.stringify(tables.map(({ name }) => database.prepare(`SELECT * FROM ${name}`).all()));
      assert.match(left, /Test client/);
      assert.doesNotMatch(left, /\bs1\.[\w-]{6}\./, 'something sealed is left');
      database.close();
    };
    await recover(t, { DATA_DIR: dataDir }, empty, /sqlite3 data\/bridge\.db "(.*)"$/m);
  });
});

describe('docs/operating.md', () => {
  it('has a section for each alert, by its name, and for no other; the alert names it', () => {
    const rules = read('deploy/alerts.yaml');
    const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);
    const [, section = ''] = /^## Alerts$(.*?)^## /ms.exec(DOCUMENT) ?? [];
    const described = [...section.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
    assert.ok(alerts.length > 5, String(alerts.length));
    assert.deepEqual(described, alerts);
    const named = [...rules.matchAll(/^ +runbook: docs\/operating\.md#(\w+)$/gm)].map(([, anchor]) => anchor);
    assert.deepEqual(
      named,
      alerts.map((name) => name.toLowerCase()),
    );
  });

  it('says in each of them, and in each incident, what to see, what people see, what to do, and when it is over', () => {
    const sections = (title: string, parts: readonly string[]) => {
      const [, text = ''] = new RegExp(`^## ${title}$(.*?)(?=^## |$(?![^]))`, 'ms').exec(DOCUMENT) ?? [];
      const all = text.split(/^### /m).slice(1);
      assert.ok(all.length > 5, title);
      for (const one of all)
        for (const part of parts) assert.ok(one.includes(`**${part}**`), `${one.slice(0, 40)}: ${part}`);
    };
    sections('Alerts', ['Means', 'People', 'Do', 'Over when']);
    sections('Incidents', ['People', 'Do', 'Over when']);
  });

  it('finds what was done in a span of time, in the log of a bridge', { skip: NO_JQ }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-log-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const env = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', DATA_DIR: folder, PORT: String(await freePort()) };
    const bridge = start('main.ts', env);
    const ready = async () => (await fetch(`http://localhost:${env.PORT}/readyz`)).ok;
    await until(ready, { what: 'the bridge' });
    // The first request for the keys makes them, which is in the audit trail.
    await fetch(`http://localhost:${env.PORT}/.well-known/jwks.json`);
    bridge.child.kill('SIGTERM');
    const { stdout } = await bridge.ended;
    const all = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    const audited = all.filter(({ audit }) => audit === true);
    assert.ok(audited.length > 0 && audited.length < all.length, stdout);

    const [, line = ''] = /^(bridge_log \d+h \| jq .*)$/m.exec(DOCUMENT) ?? [];
    const found = async (from: string, to: string) => {
      const script = `bridge_log() { printf 'no JSON\\n%s' "$LOG"; }\n${line.replace('2026-11-22T03:00', from).replace('2026-11-22T03:20', to)}`;
      const answer = await promisify(execFile)('sh', ['-c', script], { env: { PATH: process.env.PATH, LOG: stdout } });
      return answer.stdout.split('\n').flatMap((each) => (each === '' ? [] : [JSON.parse(each)]));
    };
    const minute = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 16);
    const now = Date.now();
    assert.deepEqual(await found(minute(now - 300_000), minute(now + 60_000)), audited);
    assert.deepEqual(await found(minute(now - 600_000), minute(now - 300_000)), []);
    assert.deepEqual(await found(minute(now + 60_000), minute(now + 600_000)), []);
  });

  it('names only commands of npm run admin that there are, and so do the recipes of deploy/', () => {
    const form =
      /(?:npm run (?:--silent )?admin --|src\/admin\/main\.ts|mcp-github-bridge-command admin) ([a-z]+(?: [a-z]+\b(?!\.))?)/g;
    const named = [DOCUMENT, read('deploy/README.md'), read('deploy/systemd/mcp-github-bridge-command')].flatMap(
      (text) => [...text.matchAll(form)].map(([, words]) => words),
    );
    assert.ok(named.length > 8);
    const known: string[] = commands.map(({ words }) => words);
    assert.deepEqual(
      named.filter((words) => !known.includes(words ?? '')),
      [],
    );
  });
});
