// The doctor against real parts: a bridge as `npm start` runs it, on both stores, before the simulated GitHub. Each test
// breaks one thing and reads what the doctor says of it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestListener, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSimulatedGitHub, type SimulatedGitHub } from '../../demo/github/index.ts';
import { readConfig } from '../../src/config/config.ts';
import { examine } from '../../src/doctor/doctor.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { type RunningBridge, startBridge } from '../../src/start.ts';
import { onBothStores } from '../support/bridge.ts';
import { listen } from '../support/listen.ts';
import { logIn, register } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { listenWithOwnCertificate, NO_OPENSSL } from '../support/tls.ts';

const MAIN = fileURLToPath(new URL('../../src/doctor/main.ts', import.meta.url));
const SECRETS = {
  GITHUB_CLIENT_SECRET: 'the-secret-of-the-app',
  BRIDGE_SECRET: 'the secret of this bridge that is long enough',
  GITHUB_WEBHOOK_SECRET: 'the secret of the webhook',
};
const REDIS_PASSWORD = 'the-password-of-redis';

type Environment = Record<string, string>;

/** What the doctor says, with the names of the checks that found a problem. No secret is ever among it. */
async function doctor(env: Environment): Promise<{ well: boolean; lines: string[]; problems: string[]; text: string }> {
  const lines: string[] = [];
  const well = await examine(env, (line) => lines.push(line));
  const text = lines.join('\n');
  for (const line of lines) assert.match(line, /^(?:ok {7}|problem {2})[\w ]+: .+/);
  for (const secret of [...Object.values(SECRETS), REDIS_PASSWORD, env.GITHUB_CLIENT_SECRET ?? REDIS_PASSWORD])
    assert.ok(!text.includes(secret), 'a secret was printed');
  const problems = lines.flatMap((line) => /^problem {2}([\w ]+):/.exec(line)?.[1] ?? []);
  assert.equal(well, problems.length === 0);
  return { well, lines, problems, text };
}

onBothStores('the doctor', (store) => {
  let redis: RedisServer | undefined;
  let github: SimulatedGitHub;
  let bridge: RunningBridge;
  let env: Environment;
  const directory = mkdtempSync(join(tmpdir(), 'doctor-test-'));

  before(async () => {
    const port = await freePort();
    const publicUrl = `http://localhost:${port}`;
    github = createSimulatedGitHub({
      apps: [
        {
          kind: 'oauth-app',
          name: 'Doctor',
          clientId: 'Ov23li-doctor',
          clientSecret: SECRETS.GITHUB_CLIENT_SECRET,
          callbackUrls: [`${publicUrl}/github/callback`],
        },
      ],
    });
    env = {
      ...SECRETS,
      GITHUB_CLIENT_ID: 'Ov23li-doctor',
      GITHUB_URL: await github.listen(),
      PUBLIC_URL: publicUrl,
      PORT: String(port),
      DATA_DIR: join(directory, 'data'),
    };
    if (store === 'redis') {
      redis = await startRedis({ requirePass: REDIS_PASSWORD, args: ['--save', '60 1000'] });
      env.REDIS_URL = redis.url;
    }
    bridge = await startBridge(readConfig(env), createLogger('silent'));
  });
  after(async () => {
    await bridge.stop();
    await github.close();
    await redis?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('finds nothing where all is well, and leaves nothing behind at GitHub', async () => {
    const { well, lines } = await doctor(env);
    assert.ok(well, lines.join('\n'));
    assert.deepEqual(
      lines.map((line) => /^ok {7}([\w ]+):/.exec(line)?.[1]),
      ['configuration', 'GitHub app', 'client secret', 'callback URL', 'GitHub API', 'store', 'PUBLIC_URL', 'webhook'],
    );
    assert.deepEqual(github.liveTokens(), []);
  });

  it('tells every problem of the environment at once', async () => {
    const { problems, text } = await doctor({
      ...env,
      GITHUB_CLIENT_ID: '',
      PUBLIC_URL: 'https://mcp.example.com/path',
    });
    assert.deepEqual(problems, ['GITHUB_CLIENT_ID', 'PUBLIC_URL']);
    assert.match(text, /Create an OAuth App/);
  });

  it('tells a wrong client id', async () => {
    const { problems, text } = await doctor({ ...env, GITHUB_CLIENT_ID: 'Ov23li-another' });
    assert.deepEqual(problems, ['GitHub app']);
    assert.match(text, /knows no app of the client id Ov23li-another\. Copy GITHUB_CLIENT_ID from the app's page/);
  });

  it('tells a wrong client id where only the token endpoint tells', async () => {
    const answers: RequestListener = (request, response) => {
      const exchanging = request.url === '/login/oauth/access_token';
      response.writeHead(
        exchanging ? 404 : 302,
        exchanging ? { 'content-type': 'application/json' } : { location: '/login' },
      );
      response.end(exchanging ? '{"error":"Not Found"}' : '');
    };
    const web = await listen(answers);
    try {
      const { text } = await doctor({ ...env, GITHUB_URL: web.url, GITHUB_API_URL: `${github.url}/api/v3` });
      assert.match(text, /problem {2}GitHub app: .* knows no app of the client id/);
    } finally {
      await web.close();
    }
  });

  it('tells a wrong secret', async () => {
    const { problems, text } = await doctor({ ...env, GITHUB_CLIENT_SECRET: 'an-older-secret-of-the-app' });
    assert.deepEqual(problems, ['client secret']);
    assert.match(text, /GitHub does not take it for this client id\. Generate a new client secret/);
  });

  it('tells a callback URL that is not registered', async () => {
    const app = github.app('Ov23li-doctor');
    const { callbackUrls } = app;
    app.callbackUrls = ['https://another.example.com/github/callback'];
    const { problems, text } = await doctor(env);
    app.callbackUrls = callbackUrls;
    assert.deepEqual(problems, ['callback URL']);
    assert.ok(text.includes(`${env.PUBLIC_URL}/github/callback is not registered with the app`));
  });

  it('tells a suspended app', async () => {
    github.app('Ov23li-doctor').suspended = true;
    const { problems, text } = await doctor(env);
    github.app('Ov23li-doctor').suspended = false;
    assert.deepEqual(problems, ['GitHub app']);
    assert.match(text, /GitHub has suspended the app/);
  });

  it('tells a GitHub that cannot be reached, and an API', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const both = await doctor({ ...env, GITHUB_URL: nowhere });
    assert.deepEqual(both.problems, ['GitHub', 'GitHub API', 'store']);
    assert.match(both.text, /the store holds tokens of .*Set GITHUB_URL to what it was/);
    const api = await doctor({ ...env, GITHUB_API_URL: nowhere });
    assert.deepEqual(api.problems, ['GitHub API']);
    assert.match(api.text, /cannot be reached \(ECONNREFUSED\)\. Check GITHUB_API_URL/);
    const notTheApi = await doctor({ ...env, GITHUB_API_URL: `${env.PUBLIC_URL}/api/v3` });
    assert.deepEqual(notTheApi.problems, ['GitHub API']);
    assert.match(notTheApi.text, /is not GitHub's API \(404\)/);
    for (const path of ['/login/oauth/authorize', '/login/oauth/access_token', /^\/api\/v3/]) {
      github.fault({ kind: 'status', status: 503, path });
      const down = await doctor(env);
      assert.equal(down.problems.length, 1, String(path));
      assert.match(down.text, /503/);
    }
  });

  it('tells a certificate that nobody vouches for, and how to vouch for it', { skip: NO_OPENSSL }, async () => {
    const enterprise = await listenWithOwnCertificate(directory, passOnTo(github));
    try {
      // A store of its own: one belongs to one GitHub.
      const there = { ...env, GITHUB_URL: enterprise.url, REDIS_URL: '', DATA_DIR: join(directory, 'enterprise') };
      const { problems, text } = await doctor(there);
      assert.deepEqual(problems, ['GitHub', 'GitHub API']);
      assert.match(text, /is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. .*NODE_EXTRA_CA_CERTS=/);
      const vouched = await run({ ...there, NODE_EXTRA_CA_CERTS: enterprise.certificate });
      assert.equal(vouched.code, 0, vouched.stdout);
    } finally {
      await enterprise.close();
    }
  });

  it('tells what an organisation policy needs of GitHub, and who was let in without it', async () => {
    const policy = { ...env, ALLOWED_GITHUB_ORGS: 'octo-org,hidden-lab/research' };
    const before = await doctor(policy);
    assert.ok(before.well);
    assert.match(
      before.text,
      /organisation policy: members of octo-org, hidden-lab\/research may in; SCOPES lacks read:org/,
    );
    const withScope = await doctor({ ...policy, SCOPES: 'read:user,admin:org' });
    assert.match(withScope.text, /SCOPES contains read:org/);
    const githubApp = await doctor({ ...policy, GITHUB_CLIENT_ID: 'Iv23li-app' });
    assert.match(githubApp.text, /"Members: read"/);
    const issuer = env.PUBLIC_URL ?? '';
    await logIn(issuer, await register(issuer), { parameters: { scope: 'read:user' } });
    await logIn(issuer, await register(issuer), { login: 'monalisa', parameters: { scope: 'read:org' } });
    const after = await doctor(policy);
    assert.deepEqual(after.problems, ['sessions']);
    assert.match(after.text, /1 of 2 were granted without read:org\. Tell the people to log in again/);
    assert.ok((await doctor(env)).well, 'without a policy nobody minds');
  });

  it('tells a store that cannot be used', async () => {
    if (redis !== undefined) {
      const down = await doctor({ ...env, REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
      assert.deepEqual(down.problems, ['store']);
      assert.match(down.text, /Redis does not answer \(.*ECONNREFUSED.*\)\. Start Redis, or correct REDIS_URL/);
      const password = await doctor({ ...env, REDIS_URL: redis.url.replace(REDIS_PASSWORD, 'another-password') });
      assert.deepEqual(password.problems, ['store']);
      assert.match(password.text, /WRONGPASS/);
      assert.ok(!password.text.includes('another-password'));
      return;
    }
    const fresh = await doctor({ ...env, DATA_DIR: join(directory, 'another', 'one') });
    assert.ok(fresh.well);
    assert.match(fresh.text, /store: none yet; the first start makes one/);
    const damaged = join(directory, 'damaged');
    mkdirSync(damaged);
    writeFileSync(join(damaged, 'bridge.db'), 'this is not a database '.repeat(1000));
    const { problems, text } = await doctor({ ...env, DATA_DIR: damaged });
    assert.deepEqual(problems, ['store']);
    assert.match(text, /cannot be used/);
  });

  it('tells a store made under another secret, and takes a rotated one', async () => {
    const other = await doctor({ ...env, BRIDGE_SECRET: 'another secret that is long enough as well' });
    assert.deepEqual(other.problems, ['store']);
    assert.match(other.text, /made under another BRIDGE_SECRET\. Set BRIDGE_SECRET to what it was/);
    const rotated = await doctor({
      ...env,
      BRIDGE_SECRET: `a newer secret that is long enough as well,${SECRETS.BRIDGE_SECRET}`,
    });
    assert.deepEqual(rotated.problems, []);
    assert.ok((await doctor(env)).well, 'the doctor wrote nothing');
  });

  it('tells a public address at which nobody answers, or somebody else', async () => {
    const nobody = await doctor({ ...env, PUBLIC_URL: `http://localhost:${await freePort()}` });
    assert.deepEqual(nobody.problems, ['PUBLIC_URL']);
    assert.match(nobody.text, /Start the bridge \(npm start\)/);
    const another = await listen((_request, response) => response.end('<h1>It works!</h1>'));
    const wrongPath = await doctor({ ...env, PUBLIC_URL: another.url.replace('127.0.0.1', 'localhost') });
    await another.close();
    assert.deepEqual(wrongPath.problems, ['PUBLIC_URL']);
    assert.match(wrongPath.text, /is not this bridge \(200\)/);
    const alias = await doctor({ ...env, PUBLIC_URL: (env.PUBLIC_URL ?? '').replace('localhost', '127.0.0.1') });
    assert.deepEqual(alias.problems, ['callback URL', 'PUBLIC_URL']);
    assert.ok(alias.text.includes(`calls itself ${env.PUBLIC_URL}`));
  });

  it('repeats no secret and starts no line of its own, whatever a part answers', async () => {
    const issuer = `https://x/${SECRETS.GITHUB_CLIENT_SECRET}\nok       store: ${SECRETS.BRIDGE_SECRET}`;
    const echo = await listen((_request, response) => response.end(JSON.stringify({ issuer })));
    const { lines } = await doctor({ ...env, PUBLIC_URL: echo.url });
    await echo.close();
    assert.ok(lines.some((line) => line.includes('calls itself https://x/[redacted] ok       store: [redacted]')));
  });

  it('tells a webhook that runs under another secret', async () => {
    const { problems, text } = await doctor({ ...env, GITHUB_WEBHOOK_SECRET: 'what was entered at GitHub' });
    assert.deepEqual(problems, ['webhook']);
    assert.match(text, /\(401\)/);
  });
});

describe('npm run doctor', () => {
  it('prints a line a check and exits with 1 when one found a problem', async () => {
    const { code, stdout } = await run({ GITHUB_CLIENT_ID: 'id' });
    assert.equal(code, 1);
    assert.match(stdout, /^problem {2}GITHUB_CLIENT_SECRET: missing\. .*\n$/);
  });

  it('exits with 0 when all is well', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'doctor-test-'));
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const github = createSimulatedGitHub({
      apps: [
        {
          kind: 'github-app',
          name: 'x',
          clientId: 'Iv1.x',
          clientSecret: 'y',
          callbackUrls: [`${url}/github/callback`],
        },
      ],
    });
    const env = {
      GITHUB_CLIENT_ID: 'Iv1.x',
      GITHUB_CLIENT_SECRET: 'y',
      GITHUB_URL: await github.listen(),
      PUBLIC_URL: url,
      PORT: String(port),
      DATA_DIR: directory,
    };
    const bridge = await startBridge(readConfig(env), createLogger('silent'));
    try {
      const { code, stdout } = await run(env);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^(ok {7}.*\n)+$/);
    } finally {
      await bridge.stop();
      await github.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

function run(env: Environment): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN],
      { env: { PATH: process.env.PATH, ...env }, timeout: 20_000 },
      (error, stdout) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout });
      },
    );
  });
}

/** Stands before the simulated GitHub, as the TLS side of an Enterprise Server. */
function passOnTo(github: SimulatedGitHub): RequestListener {
  return (incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const passed = request(new URL(url, github.url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  };
}
