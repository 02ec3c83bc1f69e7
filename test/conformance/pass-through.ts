// The requirement sets for servers against a server with everything that they ask for: directly, and through the bridge with
// that server behind it. The outcome must be the same, check by check.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestBridge } from '../support/bridge.ts';
import type { Listening } from '../support/listen.ts';
import { connect } from '../support/oauth.ts';
import { addBearer } from './bearer-proxy.ts';
import { differences } from './compare.ts';
import { startFullServer } from './full-server/server.ts';
import { type Check, describe, type Outcome, REQUIREMENTS, runSuite } from './suite.ts';

/** The ways through the bridge, by the name of the MCP server there. The filter hides nothing, but reads every message. */
const WAYS = [
  { name: 'full', settings: { credential: 'none' }, filtered: false },
  { name: 'filtered', settings: { credential: 'github', denyTools: ['hidden-*'] }, filtered: true },
] as const;
/** Scenarios of an extension that the server does not have. */
const MISSING = /^tasks-/;
/** Statuses of checks that the server is to have; the suite has others for what went wrong. */
const FINE = ['SUCCESS', 'INFO', 'SKIPPED'];

/** Runs every requirement set in every way, side by side. @param results a folder for what the suite writes */
export async function passThrough(results: string): Promise<Outcome[]> {
  // A server for each way: what it tells its subscribers must not reach those of another way.
  const [straight, ...behind] = await Promise.all([startFullServer(), ...WAYS.map(startFullServer)]);
  const file = join(results, 'upstreams.json');
  const entries = WAYS.map(({ name, settings }, way) => ({ name, url: `${behind[way]?.url}/mcp`, ...settings }));
  writeFileSync(file, JSON.stringify(entries));
  const bridge = await startTestBridge({ store: 'sqlite', env: { UPSTREAMS_FILE: file } });
  const proxies = await Promise.all(WAYS.map(({ name }) => proxyFor(bridge.url, name)));
  try {
    const runs = REQUIREMENTS.map(async (revision) => {
      const run = async (url: string, name: string) => {
        const args = ['server', '--url', url, '--requirements', revision];
        return { url, ...(await runSuite(args, join(results, `${revision}-${name}`))) };
      };
      const [direct, ...bridged] = await Promise.all([
        run(`${straight.url}/mcp`, 'direct'),
        ...WAYS.map(({ name }, way) => run(`${proxies[way]?.url}/mcp/${name}`, name)),
      ]);
      const own: Outcome = {
        name: `full server ${revision}`,
        complaints: direct.checks
          .filter(({ scenario, status }) => !FINE.includes(status) && !MISSING.test(scenario))
          .map(describe),
        summary: passing(direct.checks),
      };
      const compared = bridged.map((run, way): Outcome => {
        const { name, filtered } = WAYS[way] ?? WAYS[0];
        return {
          name: `full server ${revision} at /mcp/${name}`,
          complaints: differences(direct, run, { filtered }),
          summary: `${passing(run.checks)}, ${direct.checks.length} compared with those without the bridge`,
        };
      });
      return [own, ...compared];
    });
    return (await Promise.all(runs)).flat();
  } finally {
    for (const proxy of proxies) await proxy.close();
    await bridge.stop();
    for (const server of [straight, ...behind]) await server.close();
  }
}

/** A proxy with a token for one MCP server. */
async function proxyFor(issuer: string, name: string): Promise<Listening> {
  const { tokens } = await connect(issuer, { parameters: { resource: `${issuer}/mcp/${name}` } });
  return addBearer(issuer, tokens.access_token);
}

function passing(checks: readonly Check[]): string {
  return `${checks.filter(({ status }) => status === 'SUCCESS').length} checks pass`;
}
