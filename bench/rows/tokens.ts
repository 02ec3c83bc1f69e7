/** The token endpoint over oidc-provider's: refreshes with rotation, and code exchanges with PKCE, 16 at once. */
import { startBridge } from '../bridge.ts';
import { type Lab, STORES, type StoreKind } from '../lab.ts';
import { openProvider, type ProviderGrants } from '../oidc-provider.ts';
import { type ServerProcess, startServer } from '../processes.ts';
import { type Contestant, raceRow } from '../race.ts';
import { exchange, refresh } from '../requests.ts';
import type { Row } from '../row.ts';
import { type Code, REDIRECT_URI } from '../sessions.ts';

const AT_ONCE = 16;
const PEER = 'oidc-provider on Redis';

/** A server with its grants. */
interface TokenServer {
  readonly name: string;
  readonly url: string;
  readonly process: ServerProcess;
  readonly grants: ProviderGrants;
}

async function provider(lab: Lab): Promise<TokenServer> {
  const redisUrl = await lab.redis();
  const { url, process } = await startServer(lab, 'oidc-provider', [redisUrl]);
  return { name: 'oidc-provider', url, process, grants: await openProvider(lab, url, redisUrl) };
}

async function bridge(lab: Lab, store: StoreKind): Promise<TokenServer> {
  const { url, process, sessions } = await startBridge(lab, store);
  const { clientId, codes, make } = sessions;
  const refreshTokens = async (count: number) => (await make(count)).map(({ refreshToken }) => refreshToken);
  return { name: store, url, process, grants: { clientId, codes, refreshTokens } };
}

/** Each sender refreshes a session of its own. */
async function refreshing({ name, url, process, grants }: TokenServer): Promise<Contestant> {
  const tokens = await grants.refreshTokens(AT_ONCE);
  return {
    name,
    processes: [process],
    async run(worker) {
      tokens[worker] = await refresh(`${url}/token`, grants.clientId, tokens[worker] ?? '');
    },
  };
}

/** The codes are made by this process before each turn, so that only their exchange counts. */
function exchanging({ name, url, process, grants }: TokenServer): Contestant {
  let codes: Code[] = [];
  return {
    name,
    processes: [process],
    async prepare(requests) {
      codes = await grants.codes(requests);
    },
    async run() {
      const code = codes.pop();
      if (code === undefined) throw new Error('there are too few codes');
      await exchange(`${url}/token`, grants.clientId, code, REDIRECT_URI);
    },
  };
}

const servers = (lab: Lab) => Promise.all([provider(lab), ...STORES.map((store) => bridge(lab, store))]);

export const tokens: readonly Row[] = [
  raceRow({
    name: 'refresh, 16 at once',
    peer: PEER,
    atOnce: AT_ONCE,
    goal: 0.5,
    requests: 500,
    contestants: async (lab) => Promise.all((await servers(lab)).map(refreshing)),
  }),
  raceRow({
    name: 'code exchange, 16 at once',
    peer: PEER,
    atOnce: AT_ONCE,
    goal: 0.6,
    requests: 500,
    contestants: async (lab) => (await servers(lab)).map(exchanging),
  }),
];
