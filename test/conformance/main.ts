// `npm run test:conformance`: the MCP conformance suite against the bridge. It runs the scenarios for authorization servers, in
// which this program does the login, and the fixed requirement sets for servers, at /mcp behind a proxy that adds the token,
// which the suite cannot send. Fails on every deviation from the baselines in this folder.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createAgent } from '../support/agent.ts';
import { startTestBridge } from '../support/bridge.ts';
import { type Listening, listen } from '../support/listen.ts';
import { connect, register, walkAuthorization } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';

const SUITE = fileURLToPath(new URL('../../node_modules/.bin/conformance', import.meta.url));
const REQUIREMENTS = ['2025-11-25', '2026-07-28'];
/** Metadata exists, metadata is correct, code grant. Without the third check the suite has skipped the login in silence. */
const AUTHORIZATION_CHECKS = 3;
const LACKS_FIXTURE = [
  /^(Failed: |JSON-RPC error: |[a-z/]+ returned JSON-RPC error )?.*\bMethod not found$/,
  /\bTool test_\w+ not found/,
  /^Not testable: server (does not list|exposes no) /,
  // Messages of the suite about a tool that the bridge does not have:
  /^Expected InputRequiredResult with inputRequests and requestState$/,
  /^Prerequisite failed: could not get initial InputRequiredResult /,
  /^Server returned JSON-RPC error instead of re-requesting /,
  // About resources, which the bridge does not have: the method is unknown (-32601), whatever the URI is.
  /^Expected error code -32602 \(Invalid Params\), got -32601\./,
  /^Error data\.uri is undefined/,
  // About sessions, which are optional.
  /^Server did not provide session ID /,
];

const checkSchema = z.object({
  id: z.string(),
  status: z.string(),
  errorMessage: z.string().optional(),
  details: z.looseObject({ message: z.string().optional() }).optional(),
});
type Check = z.infer<typeof checkSchema> & { scenario: string };
type Outcome = { name: string; complaints: string[]; passed: number; withoutFixture: number };

async function main(): Promise<void> {
  const results = mkdtempSync(join(tmpdir(), 'bridge-conformance-'));
  const bridge = await startTestBridge({ store: 'sqlite' });
  try {
    const outcomes = [await authorization(bridge.url, join(results, 'authorization'))];
    const { tokens } = await connect(bridge.url);
    const proxy = await addBearer(bridge.url, tokens.access_token);
    for (const revision of REQUIREMENTS) outcomes.push(await server(proxy.url, revision, join(results, revision)));
    await proxy.close();
    for (const outcome of outcomes) tell(outcome);
    if (outcomes.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1;
  } finally {
    await bridge.stop();
    rmSync(results, { recursive: true, force: true });
  }
}

/** The suite prints the authorization URL and waits at its callback; this program does the login. */
async function authorization(issuer: string, output: string): Promise<Outcome> {
  const port = await freePort();
  const client = await register(issuer, { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
  const target = ['--url', issuer, '--client-id', client.client_id, '--resource', `${issuer}/mcp`];
  let url: string | undefined;
  const { code, printed } = await run(
    ['authorization', ...target, '--port', String(port), '--output-dir', output],
    async (line) => {
      if (line.startsWith(`${issuer}/authorize?`)) url = line;
      if (!line.startsWith('Callback server started') || url === undefined) return;
      const browser = createAgent();
      await browser.follow(await walkAuthorization(url, { browser }));
    },
  );
  const checks = readChecks(output);
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length;
  const complaints = checks.filter(({ status }) => status !== 'SUCCESS').map(describe);
  if (code !== 0) complaints.push(`the suite ended with exit code ${code}:\n${printed}`);
  if (passed !== AUTHORIZATION_CHECKS) complaints.push(`${passed} checks passed, not ${AUTHORIZATION_CHECKS}`);
  return { name: 'authorization', complaints, passed, withoutFixture: 0 };
}

/** Runs a requirement set. The suite compares with the baseline; a failure that the baseline expects must really be because of a
 * tool or resource that the bridge does not have. */
async function server(origin: string, revision: string, output: string): Promise<Outcome> {
  const baseline = fileURLToPath(new URL(`baselines/${revision}.yml`, import.meta.url));
  const { code, printed } = await run([
    ...['server', '--url', `${origin}/mcp`, '--requirements', revision],
    ...['--expected-failures', baseline, '--output-dir', output],
  ]);
  const excused = new Set(readFileSync(baseline, 'utf8').match(/(?<=^ {2}- )\S+/gm));
  const checks = readChecks(output);
  const failed = checks.filter(({ scenario, id, status }) => excused.has(`${scenario}:${id}`) && status !== 'SUCCESS');
  const [lacking, deviating] = [failed.filter(lacksFixture), failed.filter((check) => !lacksFixture(check))];
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length;
  const complaints = deviating.map(describe);
  if (code !== 0) complaints.push(`the suite ended with exit code ${code}:\n${printed}`);
  if (passed === 0) complaints.push('no check passed');
  return { name: `server ${revision}`, complaints, passed, withoutFixture: lacking.length };
}

/** Runs the suite in a process of its own. @returns its exit code and its summary */
async function run(
  args: string[],
  onLine: (line: string) => Promise<void> = async () => {},
): Promise<{ code: number | null; printed: string }> {
  const child = spawn(SUITE, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      await onLine(line.trim());
    }
  } catch (error) {
    child.kill();
    throw error;
  }
  await ended;
  return { code: child.exitCode, printed: lines.slice(lines.indexOf('=== SUMMARY ===') + 1).join('\n') };
}

/** The suite writes the checks of each scenario into a folder named by it and the time. */
function readChecks(output: string): Check[] {
  return globSync('*/checks.json', { cwd: output }).flatMap((file) => {
    const scenario = file.replace(/^(?:authorization-)?server-/, '').replace(/-\d{4}-\d\d-\d\dT.*/, '');
    const checks = z.array(checkSchema).parse(JSON.parse(readFileSync(join(output, file), 'utf8')));
    return checks.map((check) => ({ ...check, scenario }));
  });
}

function lacksFixture({ errorMessage, details }: Check): boolean {
  const message = errorMessage ?? details?.message ?? '';
  return LACKS_FIXTURE.some((pattern) => pattern.test(message));
}

function describe({ scenario, id, status, errorMessage, details }: Check): string {
  return `${scenario}:${id} ${status}: ${errorMessage ?? details?.message ?? ''}`;
}

/** Forwards requests with the token. Host and Origin are not changed, because the suite tests how they are treated. */
function addBearer(origin: string, accessToken: string): Promise<Listening> {
  return listen((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${accessToken}` };
    const passed = request(new URL(incoming.url ?? '/', origin), { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.once('error', () => outgoing.destroy());
    outgoing.once('close', () => passed.destroy());
    incoming.pipe(passed);
  });
}

function tell({ name, complaints, passed, withoutFixture }: Outcome): void {
  const fixtures = withoutFixture === 0 ? '' : `, ${withoutFixture} cannot be shown without the suite's fixtures`;
  console.log(`[conformance] ${name}: ${passed} checks pass${fixtures}${complaints.length > 0 ? '; DEVIATES:' : ''}`);
  for (const complaint of complaints) console.log(`  ${complaint}`);
}

await main();
