// A bridge that names a collector sends it traces and metrics, without anything secret or anybody's name; one that names none loads
// nothing of OpenTelemetry; and a collector that is away harms nothing but what it would have got.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createSimulatedGitHub } from '../demo/github/index.ts';
import type { GithubBridge } from '../src/github-bridge.ts';
import { openTelemetry } from '../src/open-telemetry.ts';
import { FLUSH } from '../src/telemetry/telemetry.ts';
import { callTool, connect, login, redemption, register, tokenRequest, tokensOf } from './support/oauth.ts';
import { freePort } from './support/ports.ts';
import { runBridge } from './support/run-bridge.ts';
import { until } from './support/until.ts';
import { type CollectedSpan, type Collector, startCollector } from './telemetry/collector.ts';

const CLIENT = {
  kind: 'oauth-app',
  name: 'Traced',
  clientId: 'Iv1.traced',
  clientSecret: 'secret-of-the-app',
} as const;
const PARENT = { trace: 'a'.repeat(32), span: 'b'.repeat(16) };
const traceparent = `00-${PARENT.trace}-${PARENT.span}-01`;

async function collectorFor(t: TestContext): Promise<Collector> {
  const collector = await startCollector();
  t.after(() => collector.close());
  return collector;
}

/** A bridge with a GitHub of its own. */
async function bridgeOf(
  t: TestContext,
  env: Record<string, string> | ((githubUrl: string) => Record<string, string>),
): Promise<{ bridge: GithubBridge; url: string; close: () => Promise<void> }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'bridge-traced-'));
  const github = createSimulatedGitHub({ apps: [{ ...CLIENT, callbackUrls: [`${url}/github/callback`] }] });
  const githubUrl = await github.listen();
  const bridge = await runBridge({
    GITHUB_CLIENT_ID: CLIENT.clientId,
    GITHUB_CLIENT_SECRET: CLIENT.clientSecret,
    GITHUB_URL: githubUrl,
    PORT: String(port),
    DATA_DIR: dataDir,
    ...(typeof env === 'function' ? env(githubUrl) : env),
  });
  const close = () => bridge.close();
  t.after(async () => {
    await close();
    await github.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { bridge, url, close };
}

/** A login and a call of a tool. @returns all that nobody else should read, and the id of the login */
async function use(url: string): Promise<{ secrets: string[]; loginId: string }> {
  const client = await register(url);
  const { code, verifier } = await login(url, client);
  const answer = await tokenRequest(url, redemption(client, code, verifier));
  const tokens = tokensOf(answer);
  const { status } = await callTool(url, tokens.access_token, 'get_user_profile');
  assert.equal(status, 200);
  const loginId = answer.headers.get('x-request-id')?.slice(0, 16) ?? '';
  const [, payload = ''] = tokens.access_token.split('.');
  return {
    secrets: [code, verifier, tokens.access_token, payload, tokens.refresh_token ?? '', client.client_id, 'octocat'],
    loginId,
  };
}

describe('a bridge that names a collector', () => {
  const env = (collector: Collector) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=key%20of%20the%20collector',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_SERVICE_NAME: 'bridge-of-test',
    TRUSTED_PROXIES: '127.0.0.1,::1',
  });

  it('sends a trace of each request with what it did, and the metrics, and nothing that is secret or somebody', async (t) => {
    const collector = await collectorFor(t);
    const { url, close } = await bridgeOf(t, env(collector));
    const { secrets, loginId } = await use(url);
    await fetch(`${url}/healthz`);
    await fetch(`${url}/nowhere/octocat?code=of-a-query`);
    await fetch(`${url}/.well-known/jwks.json`, { headers: { traceparent } });
    const exportsBefore = collector.exports.length;
    await close();
    assert.ok(collector.exports.length > exportsBefore, 'what waited was sent at the stop');

    const spans = collector.spans();
    const named = (name: string, list = spans): CollectedSpan => {
      const found = list.find((span) => span.name === name);
      assert.ok(found, `${name}: ${list.map((span) => span.name).join(', ')}`);
      return found;
    };
    const below = (parent: CollectedSpan) => spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);

    const exchange = named('POST /token');
    assert.deepEqual(
      { kind: exchange.kind, parent: exchange.parentSpanId || undefined, attributes: exchange.attributes },
      {
        kind: 2,
        parent: undefined,
        attributes: {
          'http.request.method': 'POST',
          'url.scheme': 'http',
          'http.route': '/token',
          'http.response.status_code': 200,
          'mcp_github_bridge.login': loginId,
        },
      },
    );
    const operations = below(exchange);
    assert.ok(operations.length > 0);
    for (const span of operations) {
      assert.equal(span.traceId, exchange.traceId);
      assert.deepEqual(
        { kind: span.kind, attributes: span.attributes },
        { kind: 3, attributes: { 'db.system.name': 'sqlite', 'db.operation.name': span.name } },
      );
    }

    const returned = named('GET /github/callback');
    const github = named('POST /login/oauth/access_token', below(returned));
    assert.equal(github.attributes['peer.service'], 'github');
    assert.equal(github.attributes['http.response.status_code'], 200);
    assert.ok(github.endTimeUnixNano > github.startTimeUnixNano);

    const call = spans.find((span) => span.name === 'tools/call');
    const mcp = spans.find(({ spanId }) => spanId === call?.parentSpanId);
    assert.equal(mcp?.name, 'POST /mcp');
    assert.equal(call?.attributes['gen_ai.tool.name'], 'get_user_profile');
    assert.equal(named('GET /user', below(mcp)).traceId, mcp.traceId);

    // One trace a request: each root is a request, and no trace has two.
    const roots = spans.filter(({ kind }) => kind === 2);
    assert.equal(new Set(roots.map(({ traceId }) => traceId)).size, roots.length);
    assert.deepEqual(
      spans.filter(({ kind, parentSpanId }) => kind !== 2 && !roots.some(({ spanId }) => spanId === parentSpanId)),
      [],
    );
    const jwks = named('GET /.well-known/jwks.json');
    assert.deepEqual([jwks.traceId, jwks.parentSpanId], [PARENT.trace, PARENT.span], 'that of the trusted proxy');
    assert.equal(named('GET').attributes['http.response.status_code'], 404);
    assert.ok(!spans.some(({ name }) => name.includes('healthz')));

    const metrics = collector.metrics();
    const requests = metrics.find(({ name }) => name === 'bridge_http_request_seconds');
    assert.equal(requests?.unit, 's');
    const ofToken = requests?.histogram?.dataPoints.find(({ attributes }) => attributes.route === '/token');
    assert.equal(Number(ofToken?.count), 1);
    const logins = metrics.find(({ name }) => name === 'bridge_logins_total');
    assert.deepEqual(logins?.sum?.isMonotonic, true);

    const { 'service.name': service, 'deployment.environment.name': place } = collector.resource();
    assert.deepEqual([service, place], ['bridge-of-test', 'test']);
    assert.ok(collector.exports.every(({ key }) => key === 'key of the collector'));

    const all = Buffer.concat(collector.exports.map(({ body }) => body)).toString();
    assert.ok(all.includes(loginId));
    for (const secret of [...secrets, CLIENT.clientSecret, 'key of the collector', 'of-a-query', '127.0.0.1', '::1'])
      assert.ok(secret !== '' && !all.includes(secret), secret);
  });

  it('has the requests for an MCP server behind it each in the trace of its own request', async (t) => {
    const collector = await collectorFor(t);
    const { url, close } = await bridgeOf(t, (githubUrl) => ({
      ...env(collector),
      MCP_UPSTREAMS: `${githubUrl}/mcp/`,
    }));
    const { tokens } = await connect(url);
    // One after another, over one connection, which belongs to no single request.
    for (const _ of Array.from({ length: 3 })) {
      const { status } = await callTool(url, tokens.access_token, 'get_me');
      assert.equal(status, 200);
    }
    await close();
    const spans = collector.spans();
    const outer = spans.filter(({ name }) => name === 'POST /mcp');
    const inner = spans.filter(({ attributes }) => attributes['mcp.method.name'] === 'tools/call');
    assert.equal(outer.length, 3);
    assert.deepEqual(inner.map(({ parentSpanId }) => parentSpanId).sort(), outer.map(({ spanId }) => spanId).sort());
    for (const { kind, name, attributes } of inner) {
      assert.deepEqual([kind, attributes['mcp_github_bridge.outcome']], [3, 'answered'], name);
      assert.equal(attributes['gen_ai.tool.name'], 'get_me');
    }
    assert.ok(!Buffer.concat(collector.exports.map(({ body }) => body)).includes('octocat'));
  });

  it('takes the trace of nobody but a trusted proxy', async (t) => {
    const collector = await collectorFor(t);
    const { url, close } = await bridgeOf(t, { ...env(collector), TRUSTED_PROXIES: '' });
    await fetch(`${url}/.well-known/jwks.json`, { headers: { traceparent } });
    await close();
    const span = collector.spans().find(({ name }) => name === 'GET /.well-known/jwks.json');
    assert.ok(span);
    assert.notEqual(span.traceId, PARENT.trace);
    assert.ok(!span.parentSpanId);
  });

  it('sends protobuf unless told otherwise, and only what it is told to', async (t) => {
    const collector = await collectorFor(t);
    const { url, close } = await bridgeOf(t, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own/path`,
      OTEL_BSP_SCHEDULE_DELAY: '20',
    });
    await fetch(`${url}/.well-known/jwks.json`);
    await until(() => collector.exports.length > 0, { what: 'an export while the bridge runs' });
    await close();
    assert.deepEqual(
      new Set(collector.exports.map(({ path, type }) => `${path} ${type}`)),
      new Set(['/own/path application/x-protobuf']),
    );
  });
});

describe('a collector that does not do its work', () => {
  for (const [what, prepare] of [
    ['is away', (collector: Collector) => collector.close()],
    ['refuses', (collector: Collector) => collector.answer(503)],
    ['does not answer', (collector: Collector) => collector.hang()],
  ] as const)
    it(`stops neither requests nor the stop when it ${what}`, async (t) => {
      const collector = await collectorFor(t);
      await prepare(collector);
      const { url, close } = await bridgeOf(t, {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '10',
        OTEL_METRIC_EXPORT_INTERVAL: '10',
      });
      await use(url);
      const begun = performance.now();
      await close();
      const took = performance.now() - begun;
      assert.ok(took < FLUSH + 1500, `${took} ms`);
    });
});

describe('a bridge that names no collector', () => {
  /** Starts a bridge, asks it, stops it. @returns the modules of OpenTelemetry that were loaded */
  async function loaded(t: TestContext, env: Record<string, string>): Promise<string[]> {
    const dataDir = mkdtempSync(join(tmpdir(), 'bridge-untraced-'));
    t.after(() => rmSync(dataDir, { recursive: true, force: true }));
    const program = `
      import { registerHooks } from 'node:module';
      const found = new Set();
      registerHooks({
        load(url, context, next) {
          // prom-client loads the types of the API, with or without this bridge.
          if (/@opentelemetry\\/(?!api\\/)|\\/src\\/telemetry\\//.test(url)) found.add(url);
          return next(url, context);
        },
      });
      const { githubBridge } = await import('./src/index.ts');
      const bridge = await githubBridge({ env: process.env });
      await bridge.listen();
      await fetch('http://localhost:' + process.env.PORT + '/.well-known/jwks.json');
      await bridge.close();
      console.log(JSON.stringify([...found]));
      process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      env: {
        PATH: process.env.PATH,
        GITHUB_CLIENT_ID: 'x',
        GITHUB_CLIENT_SECRET: 'y',
        LOG_LEVEL: 'silent',
        DATA_DIR: dataDir,
        PORT: String(await freePort()),
        ...env,
      },
    });
    return JSON.parse(stdout);
  }

  it('loads nothing of OpenTelemetry, nor when it is disabled', async (t) => {
    assert.deepEqual(await loaded(t, { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_EXPORTER: 'otlp' }), []);
    const named = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    assert.deepEqual(await loaded(t, { ...named, OTEL_SDK_DISABLED: 'true' }), []);
    assert.ok((await loaded(t, named)).length > 10, 'the check sees it where it is');
    assert.equal(await openTelemetry({}, { events: undefined as never, logger: undefined as never }), undefined);
  });
});
