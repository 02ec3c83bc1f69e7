// A server of one's own that listens by itself. The settings come from the environment (README.md has the table).
import { githubBridge } from 'mcp-github-bridge';
import { issues } from './issues.js';

const bridge = await githubBridge({ env: process.env, server: issues });
await bridge.listen();
process.stdout.write(bridge.banner);
process.once('SIGTERM', () => void bridge.close());
