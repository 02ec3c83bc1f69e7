// `npm run test:conformance`: the MCP conformance suite against the bridge. The scenarios for authorization servers; the fixed
// requirement sets for servers at /mcp, with the built-in tools, against the baselines in this folder; and the same sets against
// a server with everything, directly and through the bridge, which must come out the same. Fails on every deviation.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestBridge } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';
import { authorization } from './authorization.ts';
import { addBearer } from './bearer-proxy.ts';
import { builtInTools } from './built-in-tools.ts';
import { passThrough } from './pass-through.ts';
import { type Outcome, REQUIREMENTS } from './suite.ts';

async function main(): Promise<void> {
  const results = mkdtempSync(join(tmpdir(), 'bridge-conformance-'));
  try {
    // One after the other, because the suite gives a server half a second in some scenarios.
    const outcomes = [...(await ownServers(results)), ...(await passThrough(results))];
    for (const outcome of outcomes) tell(outcome);
    if (outcomes.some(({ complaints }) => complaints.length > 0)) process.exitCode = 1;
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

/** The bridge as an authorization server, and as an MCP server with its own tools. */
async function ownServers(results: string): Promise<Outcome[]> {
  const bridge = await startTestBridge({ store: 'sqlite' });
  try {
    const outcomes = [await authorization(bridge.url, join(results, 'authorization'))];
    const { tokens } = await connect(bridge.url);
    const proxy = await addBearer(bridge.url, tokens.access_token);
    for (const revision of REQUIREMENTS)
      outcomes.push(await builtInTools(proxy.url, revision, join(results, `${revision}-built-in`)));
    await proxy.close();
    return outcomes;
  } finally {
    await bridge.stop();
  }
}

function tell({ name, complaints, summary }: Outcome): void {
  console.log(`[conformance] ${name}: ${summary}${complaints.length > 0 ? '; DEVIATES:' : ''}`);
  for (const complaint of complaints) console.log(`  ${complaint}`);
}

await main();
