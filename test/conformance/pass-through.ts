// The requirement sets for servers against a server with everything that they ask for: directly, and through the bridge with
// that server behind it. The outcome must be the same, check by check.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestBridge } from '../support/bridge.ts';
import type { Listening } from '../support/listen.ts';
import { connect } from '../support/oauth.ts';
import { addBearer } from './bearer-proxy.ts';
import { differences, type Run, type Way } from './compare.ts';
import { startFullServer } from './full-server/server.ts';
import { type Check, describe, type Outcome, REQUIREMENTS, runSuite } from './suite.ts';

/** The ways through the bridge, by the name of the MCP server there. The filter hides nothing, but reads every message. */
const WAYS = [
  { name: 'full', settings: { credential: 'none' }, filtered: false },
  { name: 'filtered', settings: { credential: 'github', denyTools: ['hidden-*'] }, filtered: true },
] as const;
/** Statuses of checks that the server is to have; the suite has others for what went wrong. */
const FINE = ['SUCCESS', 'INFO', 'SKIPPED'];
/** What the server cannot show: its SDK makes a result of every error of a tool. */
const EXCUSED = ['tasks-required-task-error:sep-2663-server-returns-missing-capability-when-required'];
/** In this scenario the suite waits half a second for a stream, which a busy machine can miss. */
const HURRIED = 'server-stateless';

/** The runs of one requirement set: directly, then each way through the bridge. */
interface RunsOf {
  readonly revision: string;
  readonly direct: Run;
  readonly bridged: readonly { readonly way: Way & { readonly name: string }; readonly run: Run }[];
}

/**
 * Runs every requirement set in every way, side by side. Where {@link HURRIED} deviates, it is run again in every way, one
 * after the other, and counts as it is then.
 * @param results a folder for what the suite writes
 */
export async function passThrough(results: string): Promise<Outcome[]> {
  // A server for each way: what it tells its subscribers must not reach those of another way.
  const straight = await startFullServer();
  const behind = await Promise.all(WAYS.map(async (way) => ({ ...way, server: await startFullServer() })));
  const file = join(results, 'upstreams.json');
  const entries = behind.map(({ name, settings, server }) => ({ name, url: `${server.url}/mcp`, ...settings }));
  writeFileSync(file, JSON.stringify(entries));
  const bridge = await startTestBridge({ store: 'sqlite', env: { UPSTREAMS_FILE: file } });
  const ways = await Promise.all(WAYS.map(async (way) => ({ way, proxy: await proxyFor(bridge.url, way.name) })));
  try {
    const sets = REQUIREMENTS.map(async (revision): Promise<RunsOf> => {
      const run = async (url: string, name: string): Promise<Run> => {
        const args = ['server', '--url', url, '--requirements', revision];
        return { url, checks: (await runSuite(args, join(results, `${revision}-${name}`))).checks };
      };
      const [direct, ...bridged] = await Promise.all([
        run(`${straight.url}/mcp`, 'direct'),
        ...ways.map(async ({ way, proxy }) => ({ way, run: await run(`${proxy.url}/mcp/${way.name}`, way.name) })),
      ]);
      return { revision, direct, bridged };
    });
    const outcomes: Outcome[] = [];
    for (const set of await Promise.all(sets)) {
      const found = outcomesOf(set);
      const hurried = found.some(({ complaints }) => complaints.some((one) => one.startsWith(`${HURRIED}:`)));
      outcomes.push(...(hurried ? outcomesOf(await unhurried(set, join(results, 'again'))) : found));
    }
    return outcomes;
  } finally {
    for (const { proxy } of ways) await proxy.close();
    await bridge.stop();
    for (const server of [straight, ...behind.map(({ server }) => server)]) await server.close();
  }
}

/** A proxy with a token for one MCP server. */
async function proxyFor(issuer: string, name: string): Promise<Listening> {
  const { tokens } = await connect(issuer, { parameters: { resource: `${issuer}/mcp/${name}` } });
  return addBearer(issuer, tokens.access_token);
}

/** The runs with {@link HURRIED} run again. */
async function unhurried({ revision, direct, bridged }: RunsOf, results: string): Promise<RunsOf> {
  const again = async ({ url, checks }: Run, name: string): Promise<Run> => {
    const args = ['server', '--url', url, '--scenario', HURRIED, '--spec-version', revision];
    const later = await runSuite(args, join(results, name));
    return { url, checks: [...checks.filter(({ scenario }) => scenario !== HURRIED), ...later.checks] };
  };
  const directAgain = await again(direct, 'direct');
  const bridgedAgain: RunsOf['bridged'][number][] = [];
  for (const { way, run } of bridged) bridgedAgain.push({ way, run: await again(run, way.name) });
  return { revision, direct: directAgain, bridged: bridgedAgain };
}

function outcomesOf({ revision, direct, bridged }: RunsOf): Outcome[] {
  const wrong = direct.checks.filter(isWrong).map(describe);
  const compared = bridged.map(({ way, run }) => ({
    name: `full server ${revision} at /mcp/${way.name}`,
    complaints: differences(direct, run, way),
    summary: `${passed(run.checks)} checks pass, ${direct.checks.length} compared with those without the bridge`,
  }));
  if (passed(direct.checks) === 0) wrong.push('no check passed');
  const summary = `${passed(direct.checks)} checks pass`;
  return [{ name: `full server ${revision}`, complaints: wrong, summary }, ...compared];
}

function isWrong({ scenario, id, status }: Check): boolean {
  return !FINE.includes(status) && !EXCUSED.includes(`${scenario}:${id}`);
}

function passed(checks: readonly Check[]): number {
  return checks.filter(({ status }) => status === 'SUCCESS').length;
}
