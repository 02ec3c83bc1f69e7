// The requirement sets for servers, at `/mcp` with the built-in tools. The bridge has not what the suite's fixture server has:
// the baselines name the checks that fail for that.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Check, describe, messageOf, type Outcome, runSuite } from './suite.ts';

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

/** Runs a requirement set. The suite compares with the baseline; a failure that the baseline expects must really be because of a
 * tool or resource that the bridge does not have. */
export async function builtInTools(origin: string, revision: string, output: string): Promise<Outcome> {
  const baseline = fileURLToPath(new URL(`baselines/${revision}.yml`, import.meta.url));
  const { code, printed, checks } = await runSuite(
    ['server', '--url', `${origin}/mcp`, '--requirements', revision, '--expected-failures', baseline],
    output,
  );
  const excused = new Set(readFileSync(baseline, 'utf8').match(/(?<=^ {2}- )\S+/gm));
  const failed = checks.filter(({ scenario, id, status }) => excused.has(`${scenario}:${id}`) && status !== 'SUCCESS');
  const [lacking, deviating] = [failed.filter(lacksFixture), failed.filter((check) => !lacksFixture(check))];
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length;
  const complaints = deviating.map(describe);
  if (code !== 0) complaints.push(`the suite ended with exit code ${code}:\n${printed}`);
  if (passed === 0) complaints.push('no check passed');
  const fixtures = `${lacking.length} cannot be shown without the suite's fixtures`;
  return { name: `server ${revision}`, complaints, summary: `${passed} checks pass, ${fixtures}` };
}

function lacksFixture(check: Check): boolean {
  return LACKS_FIXTURE.some((pattern) => pattern.test(messageOf(check)));
}
