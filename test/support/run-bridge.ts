// A bridge as `npm start` runs it, in this process.
import type { Environment } from '../../src/config/environment.ts';
import { type GithubBridge, githubBridge } from '../../src/github-bridge.ts';

/** Starts a bridge of these variables, which logs nothing. A start that fails leaves nothing open. */
export async function runBridge(env: Environment): Promise<GithubBridge> {
  const bridge = await githubBridge({ env: { LOG_LEVEL: 'silent', ...env } });
  try {
    await bridge.listen();
  } catch (error) {
    await bridge.close();
    throw error;
  }
  return bridge;
}
