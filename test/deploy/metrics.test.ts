// deploy/: what the dashboard and the alerts ask is there, in the metrics of a bridge that people used and that had trouble; and
// promtool takes the queries.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createSimulatedGitHub } from '../../demo/github/index.ts';
import { defineTool, githubBridge } from '../../src/index.ts';
import { json, startRecordingServer } from '../gateway/fixtures.ts';
import {
  callTool,
  connect,
  logIn,
  login,
  postForm,
  redemption,
  refreshing,
  register,
  tokenRequest,
} from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { promtool } from '../support/system.ts';
import { groupsOf, isMeant, queriesOfRules, selectorsOf, seriesOf, TARGET_LABELS } from './queries.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/', import.meta.url));
const run = promisify(execFile);

const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
    }),
  ),
});
const dashboard = dashboardSchema.parse(JSON.parse(readFileSync(join(FOLDER, 'grafana.json'), 'utf8')));
const targets = dashboard.panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
const alerts = readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8');
const queries = [...targets.map(({ expr }) => expr), ...queriesOfRules(alerts)];

/** Uses a bridge as people do, makes each kind of trouble once, and reads its metrics from the listener for Prometheus. */
async function readMetrics(cleanUp: (end: () => unknown) => void): Promise<string> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://localhost:${port}`;
  const app = { clientId: 'x', clientSecret: 'y', callbackUrls: [`${url}/github/callback`] };
  const github = createSimulatedGitHub({ apps: [{ kind: 'oauth-app', name: 'x', ...app }] });
  cleanUp(() => github.close());
  const behind = await startRecordingServer();
  cleanUp(() => behind.close());
  const dataDir = mkdtempSync(join(tmpdir(), 'bridge-metrics-'));
  cleanUp(() => rmSync(dataDir, { recursive: true, force: true }));
  const broken = defineTool({
    ...{ name: 'broken', title: 'Broken', description: 'Has a bug', scopes: [], annotations: {} },
    ...{ inputSchema: z.object({}), outputSchema: z.object({}) },
    handler: () => Promise.reject(new TypeError('a bug')),
  });
  const bridge = await githubBridge({
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    githubUrl: await github.listen(),
    mcpUpstreams: `one=${behind.url}/mcp`,
    registrationsPerHour: 2,
    logLevel: 'silent',
    tools: [broken],
    ...{ port, metricsPort, dataDir },
  });
  cleanUp(() => bridge.close());
  await bridge.listen();

  const { client, tokens } = await connect(url);
  const bearer = { authorization: `Bearer ${tokens.access_token}` };
  await callTool(url, tokens.access_token, 'get_user_profile');
  await callTool(url, tokens.access_token, 'broken');
  await fetch(`${url}/mcp`, { method: 'POST', headers: { authorization: 'Bearer nonsense' } });
  await fetch(`${url}/mcp`, { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' }, body: '{' });
  await tokenRequest(url, refreshing(client, tokens.refresh_token));

  const resource = `${url}/mcp/one`;
  const passed = await logIn(url, client, { parameters: { resource } });
  const ask = () =>
    fetch(resource, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${passed.access_token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
    }).then((answer) => answer.text());
  await ask();
  behind.answer = json('{}', 500);
  await ask();
  behind.answer = (_received, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 });
    response.write('{', () => response.destroy());
  };
  await ask().catch(() => undefined);

  const { code, verifier } = await login(url, client);
  for (let times = 0; times < 2; times++) await tokenRequest(url, redemption(client, code, verifier));
  github.fault({ kind: 'drop', path: '/login/oauth/access_token', times: 2 });
  await login(url, client).catch(() => undefined);
  await login(url, client, { consent: 'deny' }).catch(() => undefined);
  await register(url);
  await register(url).catch(() => undefined);
  await postForm(`${url}/token`, { grant_type: 'nonsense' });
  // An operation that fails, because it gets nothing.
  await assert.rejects(Reflect.apply(bridge.store.clients.add, undefined, []));
  return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
}

describe('the dashboard and the alerts', () => {
  let series: ReturnType<typeof seriesOf> = [];
  const ends: (() => unknown)[] = [];
  before(async () => {
    series = seriesOf(await readMetrics((end) => ends.unshift(end)));
  });
  after(async () => {
    for (const end of ends) await end();
  });

  it('ask for series that there are', () => {
    assert.ok(queries.length > 40, String(queries.length));
    const missing = queries.flatMap(selectorsOf).filter((selector) => !series.some((one) => isMeant(selector, one)));
    assert.deepEqual(missing, []);
  });

  it('group by labels that the series have, and name no other in a legend', () => {
    for (const query of queries) {
      const [{ metric } = { metric: 'up' }] = selectorsOf(query);
      const labels = series.find(({ name }) => name === metric)?.labels;
      for (const label of groupsOf(query)) assert.ok(labels?.has(label), `${query}: ${label}`);
    }
    for (const { title, expr, legendFormat } of targets)
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        assert.ok([...groupsOf(expr), ...TARGET_LABELS].includes(label), `${title}: ${label}`);
  });

  it('leave out no metric of the bridge, but sums that belong to a histogram', () => {
    const asked = new Set(queries.flatMap(selectorsOf).map(({ metric }) => metric.replace(/_(?:bucket|count)$/, '')));
    const own = series
      .map(({ name }) => name.replace(/_(?:bucket|count|sum)$/, ''))
      .filter((name) => /^bridge_/.test(name));
    assert.deepEqual(
      [...new Set(own)].filter((name) => !asked.has(name)),
      [],
    );
  });

  it('say of each alert what it is and what to do', () => {
    const count = (pattern: RegExp) => alerts.match(pattern)?.length ?? 0;
    const all = count(/^ {6}- alert: /gm);
    assert.equal(queriesOfRules(alerts).length, all);
    for (const pattern of [
      /^ {10}summary: \S/gm,
      /^ {10}description: "\S/gm,
      /^ {8}labels: \{ severity: (?:critical|warning) \}/gm,
    ])
      assert.equal(count(pattern), all, String(pattern));
  });

  it('are taken by promtool, and the alerts fire when they should', async (t) => {
    const tool = promtool();
    if (tool === undefined) return t.skip('no promtool: apt-get install prometheus, or set PROMTOOL to its path');
    const scratch = mkdtempSync(join(tmpdir(), 'bridge-rules-'));
    t.after(() => rmSync(scratch, { recursive: true }));
    const rules = targets.map(({ expr }, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    const file = join(scratch, 'panels.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    await run(tool, ['check', 'rules', file]);
    await run(tool, ['check', 'rules', join(FOLDER, 'alerts.yaml')]);
    await run(tool, ['test', 'rules', join(FOLDER, 'alerts.test.yaml')]);
  });
});
