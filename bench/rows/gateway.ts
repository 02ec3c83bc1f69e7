/** The gateway: a small call and event streams of an MCP server behind the bridge, over a plain reverse proxy. */
import { startBridge } from '../bridge.ts';
import { type Lab, STORES, type StoreKind } from '../lab.ts';
import { type ServerProcess, startServer } from '../processes.ts';
import { type Contestant, raceRow } from '../race.ts';
import { callTool } from '../requests.ts';
import type { Row } from '../row.ts';
import { memoryOfStream, throughputs } from '../streams.ts';

/** A person may have 200 open answers at the bridge. */
const PEOPLE = 16;
/** What the small answer of `servers/backend.ts` has. */
const ANSWER = 'xxx';
const PATH = '/mcp/one';
const SMALL_CALL_GOAL = 1.5;
/** Of the throughput of the plain proxy. */
const THROUGHPUT_GOAL = 0.8;
/** KB for each open stream. */
const MEMORY_GOAL = 100;

/** A way to the server behind: its URL, and the access tokens that it asks for. */
interface Way {
  readonly name: string;
  readonly url: string;
  readonly tokens: readonly string[];
  readonly process: ServerProcess;
}

async function plainProxy(lab: Lab, behind: string): Promise<Way> {
  const { url, process } = await startServer(lab, 'reverse-proxy', [behind]);
  return { name: 'plain proxy', url: `${url}/`, tokens: [], process };
}

/** What a proxy costs that asks Redis at each call, and checks nothing: no bridge on Redis can cost less. */
async function askingProxy(lab: Lab, behind: string): Promise<Way> {
  const { url, process } = await startServer(lab, 'reverse-proxy', [behind, await lab.redis()]);
  return { name: 'plain proxy, asks Redis', url: `${url}/`, tokens: [], process };
}

/** The bridge; it collects its garbage when it is asked to. */
async function bridge(lab: Lab, store: StoreKind, behind: string): Promise<Way> {
  const { url, process, sessions } = await startBridge(lab, store, {
    env: { MCP_UPSTREAMS: `one=${behind}` },
    nodeOptions: ['--expose-gc', '--import', './bench/servers/collect.ts'],
    path: PATH,
  });
  const made = await sessions.make(PEOPLE);
  const tokens = await Promise.all(made.map((session) => sessions.accessToken(session)));
  return { name: store, url: `${url}${PATH}`, tokens, process };
}

/** The ways of a small call. */
async function smallWays(lab: Lab): Promise<Contestant[]> {
  const { url } = await startServer(lab, 'backend');
  const bridges = await Promise.all(STORES.map((store) => bridge(lab, store, url)));
  const [proxy, asking] = await Promise.all([plainProxy(lab, url), askingProxy(lab, url)]);
  return [calling(proxy), ...bridges.map(calling), { ...calling(asking), isFloor: true }];
}

function calling({ name, url, tokens, process }: Way): Contestant {
  return {
    name,
    processes: [process],
    run(worker) {
      const accessToken = tokens[worker % PEOPLE];
      return callTool(url, { expected: ANSWER, ...(accessToken === undefined ? {} : { accessToken }) });
    },
  };
}

const smallCalls = [16, 1].map((atOnce) =>
  raceRow({
    name: `gateway, a small call, ${atOnce} at once`,
    peer: 'a plain undici proxy',
    atOnce,
    goal: SMALL_CALL_GOAL,
    requests: atOnce === 1 ? 500 : 1000,
    contestants: smallWays,
  }),
);

const throughput: Row = {
  names: ['gateway streams, throughput'],
  async measure(lab) {
    const { url } = await startServer(lab, 'backend');
    const [proxy, bridged] = await Promise.all([plainProxy(lab, url), bridge(lab, 'SQLite', url)]);
    const [first, second] = await throughputs([proxy, bridged]);
    return [
      {
        name: 'gateway streams, throughput',
        over: 'a plain undici proxy',
        unit: '×',
        goal: { atLeast: THROUGHPUT_GOAL },
        values: { SQLite: (second ?? Number.NaN) / (first ?? Number.NaN) },
        details: { mebibytesPerSecond: { proxy: first, bridge: second } },
      },
    ];
  },
};

/** In a process of its own: what another one has kept of earlier work, its streams would use again. */
const memory: Row = {
  names: ['gateway streams, memory of an open one'],
  async measure(lab) {
    const { url } = await startServer(lab, 'backend');
    const bytes = await memoryOfStream(await bridge(lab, 'SQLite', url));
    return [
      {
        name: 'gateway streams, memory of an open one',
        unit: 'KB',
        goal: { atMost: MEMORY_GOAL },
        values: { SQLite: bytes / 1000 },
      },
    ];
  },
};

export const gateway: readonly Row[] = [...smallCalls, throughput, memory];
