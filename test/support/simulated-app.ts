// A simulated GitHub with one app, and the settings of a bridge at it, for tests that start bridges as an operator does:
// `runBridge(env)`, or a program with the environment `env`.
import { createSimulatedGitHub, type SimulatedApp, type SimulatedGitHub } from '../../demo/github/index.ts';
import { freePort } from './ports.ts';

export interface SimulatedAppOfBridge {
  /** The address of the bridge. */
  readonly url: string;
  /** The caller closes it. */
  readonly github: SimulatedGitHub;
  /** Without a store: the caller adds `DATA_DIR` or `REDIS_URL`. */
  readonly env: Record<string, string>;
}

/** Starts the simulated GitHub; the bridge of the settings is to listen at a port that is free now. */
export async function simulatedApp(kind: SimulatedApp['kind'] = 'oauth-app'): Promise<SimulatedAppOfBridge> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const app = { clientId: 'the-app', clientSecret: 'the first secret', callbackUrls: [`${url}/github/callback`] };
  const github = createSimulatedGitHub({ apps: [{ kind, name: 'Simulated', ...app }] });
  const env = {
    GITHUB_CLIENT_ID: app.clientId,
    GITHUB_CLIENT_SECRET: app.clientSecret,
    GITHUB_URL: await github.listen(),
    PORT: String(port),
  };
  return { url, github, env };
}
