// `docker compose --profile scale up`, run for real: three bridges behind Caddy with TLS, their secret as a Docker secret. A client of
// the SDK logs in, calls spread over all three, one is killed, and each is restarted while people work.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { accountsOf, startLoad } from '../deploy/load.ts';
import { callTool, connect } from '../support/oauth.ts';
import { Person } from '../support/person.ts';
import { freePort } from '../support/ports.ts';
import { connectV2, loginOf } from '../support/sdk-clients.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BRIDGES = ['bridge', 'bridge-2', 'bridge-3'];
const SIZE = { logins: 1, refreshes: 1, calls: 1, streams: 2 };
const APP = { clientId: 'scale', clientSecret: 'no-secret-of-anybody' };

/** What the SDK throws for an answer that is no success. */
const refusalSchema = z.looseObject({ data: z.looseObject({ status: z.number() }) });

/** @param project a name that no other project has */
export async function testScale(project: string, say: (line: string) => void): Promise<void> {
  const port = await freePort();
  const issuer = `https://localhost:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'bridge-scale-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'bridge-secret'), 'a secret of three replicas that is long enough');
  // The browser and the bridges must reach GitHub at the same address: that of this machine in Docker's network.
  const network = await run('docker', [
    'network',
    'inspect',
    'bridge',
    '--format',
    '{{(index .IPAM.Config 0).Gateway}}',
  ]);
  const githubPort = await freePort();
  const githubUrl = `http://${network.stdout.trim()}:${githubPort}`;
  const github = createSimulatedGitHub({
    apps: [{ kind: 'oauth-app', name: 'Scale', ...APP, callbackUrls: [`${issuer}/github/callback`] }],
    accounts: accountsOf(SIZE),
    rateLimitPerHour: 1_000_000,
    publicUrl: githubUrl,
  });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    GITHUB_CLIENT_ID: APP.clientId,
    GITHUB_CLIENT_SECRET: APP.clientSecret,
    GITHUB_URL: githubUrl,
    PUBLIC_URL: issuer,
    BRIDGE_PORT: String(await freePort()),
    BRIDGE_SECRET_FILE: join(folder, 'bridge-secret'),
    TRUSTED_PROXIES: '172.16.0.0/12,192.168.0.0/16',
    STOP_DELAY: '5s',
    REGISTRATIONS_PER_HOUR: '100000',
    PROXY_HTTPS_PORT: String(port),
    PROXY_HTTP_PORT: String(await freePort()),
  };
  const compose = async (...args: string[]): Promise<string> => {
    const project_ = ['--project-name', project, '--env-file', '/dev/null', '--file', 'docker-compose.yml'];
    const all = ['compose', ...project_, '--profile', 'scale', ...args];
    return (await run('docker', all, { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  };
  /** The metrics of a bridge, read from another container of the network. */
  const metricsOf = (bridge: string) =>
    compose(
      'exec',
      '-T',
      'bridge',
      'node',
      '-p',
      `fetch('http://${bridge}:9464/metrics').then((answer) => answer.text()).then(console.log)`,
    );
  /** How many requests to `/mcp` a bridge has answered. */
  const answeredBy = async (bridge: string) =>
    [
      ...(await metricsOf(bridge)).matchAll(/^bridge_http_request_seconds_count\{[^}]*route="\/mcp"[^}]*\} (\d+)/gm),
    ].reduce((sum, [, count]) => sum + Number(count), 0);

  try {
    await github.listen(githubPort, '0.0.0.0');
    await compose('up', '--build', '--detach', '--wait');
    const certificate = join(folder, 'root.crt');
    await until(() => compose('cp', 'proxy:/data/caddy/pki/authorities/local/root.crt', certificate).then(() => true), {
      what: "Caddy's certificate",
      timeout: 60_000,
      interval: 500,
    });
    setDefaultCACertificates([...getCACertificates('default'), await readFile(certificate, 'utf8')]);
    await until(async () => (await fetch(`${issuer}/readyz`)).ok, { what: 'Caddy', timeout: 60_000 });
    const { client } = await connectV2(issuer, 'Streamable HTTP', 'auto', new Person('logins-0'));
    const profile = () => client.callTool({ name: 'get_user_profile', arguments: {} });
    assert.equal(loginOf(await profile()), 'logins-0');
    say(`--profile scale: up at ${issuer}; the client of the SDK logs in through Caddy, with TLS`);

    const before = await Promise.all(BRIDGES.map(answeredBy));
    for (let calls = 0; calls < 9; calls++) await profile();
    const after = await Promise.all(BRIDGES.map(answeredBy));
    const each = after.map((count, index) => count - (before[index] ?? 0));
    assert.ok(Math.min(...each) >= 2, `calls answered by each: ${each}`);
    say(`its calls spread over all three (${each.join(', ')}), as their metrics say inside the network`);
    assert.equal((await fetch(`${issuer}/metrics`)).status, 404);

    await compose('kill', 'bridge-2');
    // A call that was sent on a connection of the killed one may have been done: Caddy does not repeat it, but says 502.
    let repeated = 0;
    for (let calls = 0; calls < 9; calls++) {
      const answer = await profile().catch((error: unknown) => {
        assert.equal(refusalSchema.parse(error).data.status, 502);
        repeated += 1;
        return profile();
      });
      assert.equal(loginOf(answer), 'logins-0');
    }
    const { tokens } = await connect(issuer, { login: 'calls-0' });
    assert.equal((await callTool(issuer, tokens.access_token, 'get_user_profile')).status, 200);
    say(`one is killed: calls (${repeated} of 9 sent again after 502) and a new login are answered by the others`);
    await compose('up', '--detach', '--wait');

    const load = await startLoad(issuer, SIZE);
    for (const bridge of BRIDGES) {
      await compose('restart', bridge);
      await compose('up', '--detach', '--wait', bridge);
      await load.more(2);
    }
    const lost = await load.end();
    assert.deepEqual([...load.failures, ...lost], []);
    say(
      `all three restarted one after another, while people worked (${JSON.stringify(load.done)}): no request failed, no session is lost`,
    );
    await client.close();
  } catch (error) {
    console.error(await compose('logs', '--tail', '30').catch(String));
    throw error;
  } finally {
    await compose('down', '--volumes', '--timeout', '5').catch(console.error);
    await github.close();
    await rm(folder, { recursive: true });
  }
}
