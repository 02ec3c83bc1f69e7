// The examples of proxies in deploy/, each in front of a real bridge: a login, a stream that comes as it is sent, the address of the
// client in the log, nothing of the metrics. Traefik's, which Debian does not have, is only read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { start } from '../programs.ts';
import { callTool, connect } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { NO_OPENSSL } from '../support/tls.ts';
import { until } from '../support/until.ts';
import { PROXIES, startProxy, whyNot } from './proxies.ts';

const APP = { clientId: 'proxies', clientSecret: 'no secret of anybody' };
const loggedSchema = z.looseObject({
  event: z.string(),
  path: z.string().optional(),
  address: z.string().optional(),
  reference: z.string().optional(),
  trace: z.string().optional(),
});

describe('behind a proxy of deploy/', () => {
  for (const name of PROXIES)
    it(`${name} serves a bridge with TLS`, { skip: NO_OPENSSL || whyNot(name) }, async (t) => {
      const [port, own, metricsPort] = [await freePort(), await freePort(), await freePort()];
      const issuer = `https://localhost:${port}`;
      const github = createSimulatedGitHub({
        apps: [{ kind: 'oauth-app', name: 'Proxies', ...APP, callbackUrls: [`${issuer}/github/callback`] }],
      });
      t.after(() => github.close());
      const folder = mkdtempSync(join(tmpdir(), 'bridge-proxies-'));
      const bridge = start('main.ts', {
        GITHUB_CLIENT_ID: APP.clientId,
        GITHUB_CLIENT_SECRET: APP.clientSecret,
        GITHUB_URL: await github.listen(),
        PUBLIC_URL: issuer,
        HOST: '127.0.0.1',
        PORT: String(own),
        METRICS_PORT: String(metricsPort),
        DATA_DIR: folder,
        TRUSTED_PROXIES: '127.0.0.1',
      });
      t.after(async () => {
        bridge.child.kill('SIGTERM');
        await bridge.ended;
        rmSync(folder, { recursive: true });
      });
      await until(async () => (await fetch(`http://127.0.0.1:${own}/readyz`)).ok, { what: 'the bridge' });
      const proxy = await startProxy(name, port, [own]);
      t.after(() => proxy.stop());

      const { tokens } = await connect(issuer, { login: 'monalisa' });
      const { result } = await callTool(issuer, tokens.access_token, 'get_user_profile');
      assert.equal(result?.structuredContent?.login, 'monalisa');

      // The stream never ends by itself: what is held back would never come.
      const over = new AbortController();
      const headers = { authorization: `Bearer ${tokens.access_token}` };
      const stream = await fetch(`${issuer}/sse`, { headers, signal: over.signal });
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = (await reader?.read())?.value ?? '';
      const [, endpoint = ''] = /event: endpoint\ndata: (\S+)/.exec(first) ?? assert.fail(first);
      const sent = await fetch(new URL(endpoint, issuer), {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ping' }),
      });
      assert.equal(sent.status, 202);
      assert.match((await reader?.read())?.value ?? '', /"id":7/);
      over.abort();

      assert.equal((await fetch(`${issuer}/metrics`)).status, 404);
      assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).status, 200);

      // A client at another address than the proxy, which says that it is at a third one.
      const asked = request({
        ...{ host: '127.0.0.1', port, path: '/nowhere', servername: 'localhost', localAddress: '127.0.0.2' },
        headers: {
          host: `localhost:${port}`,
          'x-forwarded-for': '203.0.113.7',
          'x-forwarded-host': 'evil.example',
          'x-request-id': 'a-stranger',
          traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        },
      }).end();
      const [answer]: IncomingMessage[] = await once(asked, 'response');
      assert.equal(answer?.resume().statusCode, 404);
      await until(() => answer?.complete, { what: 'the end of the answer' });
      bridge.child.kill('SIGTERM');
      const { stdout } = await bridge.ended;
      const lines = stdout
        .split('\n')
        .flatMap((line) => (line.startsWith('{') ? [loggedSchema.parse(JSON.parse(line))] : []));
      const logged = lines.find(({ path }) => path === '/nowhere');
      assert.equal(logged?.address, '127.0.0.2');
      assert.ok(logged.reference !== undefined && logged.reference !== 'a-stranger');
      assert.equal(logged.trace, undefined);
    });

  it('Traefik’s example is YAML that sends each router to a service that it has', () => {
    const text = readFileSync(new URL('../../deploy/traefik/mcp-github-bridge.yaml', import.meta.url), 'utf8');
    const { http } = z
      .object({
        http: z.object({
          routers: z.record(
            z.string(),
            z.object({ rule: z.string(), middlewares: z.array(z.string()), service: z.string(), tls: z.object({}) }),
          ),
          middlewares: z.record(
            z.string(),
            z.object({ headers: z.object({ customRequestHeaders: z.record(z.string(), z.literal('')) }) }),
          ),
          services: z.record(
            z.string(),
            z.object({
              loadBalancer: z.looseObject({ healthCheck: z.object({ path: z.literal('/readyz') }).loose() }),
            }),
          ),
        }),
      })
      .parse(parse(text));
    assert.deepEqual(
      Object.values(http.routers)
        .map(({ service }) => service)
        .sort(),
      Object.keys(http.services).sort(),
    );
    for (const { middlewares } of Object.values(http.routers))
      assert.deepEqual(middlewares, Object.keys(http.middlewares));
    assert.deepEqual(
      Object.values(http.middlewares).flatMap(({ headers }) => Object.keys(headers.customRequestHeaders)),
      ['X-Request-Id', 'Traceparent', 'Tracestate'],
    );
  });
});
