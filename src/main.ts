/** `npm start`: reads the configuration (the environment, and `.env`), starts the bridge, prints the banner on a terminal, and stops on SIGINT or SIGTERM. */

import { outliveReaders } from './closed-output.ts';
import { ConfigurationError } from './config/config.ts';
import { withEnvFile } from './config/env-file.ts';
import { githubBridge } from './github-bridge.ts';

/** Exit code for a wrong configuration. */
const EXIT_MISCONFIGURED = 2;

outliveReaders('standard output is closed: what is logged from here on is lost, and the bridge goes on serving');
try {
  const bridge = await githubBridge({ env: withEnvFile(process.env) });
  await bridge.listen().catch(async (error: unknown) => {
    await bridge.close();
    throw error;
  });
  // Elsewhere the log has the same facts, and nothing but the log is there: `npm --silent start | jq .` works.
  if (process.stdout.isTTY) process.stdout.write(bridge.banner);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      bridge.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  if (error instanceof ConfigurationError) {
    process.stderr.write(
      `mcp-github-bridge cannot start:\n${error.complaints.map((c) => `  ${c.variable}: ${c.problem}. ${c.remedy}`).join('\n')}\n`,
    );
    process.exit(EXIT_MISCONFIGURED);
  }
  process.stderr.write(`mcp-github-bridge cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
