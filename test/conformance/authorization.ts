// The scenarios of the suite for authorization servers.
import { createAgent } from '../support/agent.ts';
import { register, walkAuthorization } from '../support/oauth.ts';
import { freePort } from '../support/ports.ts';
import { describe, type Outcome, runSuite } from './suite.ts';

/** Metadata exists, metadata is correct, code grant. Without the third check the suite has skipped the login in silence. */
const CHECKS = 3;

/** The suite prints the authorization URL and waits at its callback; this program does the login. */
export async function authorization(issuer: string, output: string): Promise<Outcome> {
  const port = await freePort();
  const client = await register(issuer, { redirect_uris: [`http://127.0.0.1:${port}/callback`] });
  const target = ['--url', issuer, '--client-id', client.client_id, '--resource', `${issuer}/mcp`];
  let url: string | undefined;
  const { code, printed, checks } = await runSuite(
    ['authorization', ...target, '--port', String(port)],
    output,
    async (line) => {
      if (line.startsWith(`${issuer}/authorize?`)) url = line;
      if (!line.startsWith('Callback server started') || url === undefined) return;
      const browser = createAgent();
      await browser.follow(await walkAuthorization(url, { browser }));
    },
  );
  const passed = checks.filter(({ status }) => status === 'SUCCESS').length;
  const complaints = checks.filter(({ status }) => status !== 'SUCCESS').map(describe);
  if (code !== 0) complaints.push(`the suite ended with exit code ${code}:\n${printed}`);
  if (passed !== CHECKS) complaints.push(`${passed} checks passed, not ${CHECKS}`);
  return { name: 'authorization', complaints, summary: `${passed} checks pass` };
}
