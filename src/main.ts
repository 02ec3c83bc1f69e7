/** `npm start`: reads the configuration, starts the bridge, prints the banner, and stops on SIGINT or SIGTERM. */
import { banner } from './banner.ts';
import { ConfigurationError, readConfig } from './config/config.ts';
import { createLogger } from './observe/logger.ts';
import { startBridge } from './start.ts';

/** Exit code for a wrong configuration. */
const EXIT_MISCONFIGURED = 2;

try {
  const config = readConfig(process.env);
  const bridge = await startBridge(config, createLogger(config.logLevel));
  process.stdout.write(banner(config, bridge.storeKind));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      bridge.stop().then(
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
