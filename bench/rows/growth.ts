/** `--growth`: calls and refreshes with a million sessions in the store, over a thousand. As many of them are used in both. */
import { startProgram } from '../bridge.ts';
import { calling } from '../calling.ts';
import { filledStore } from '../filled-store.ts';
import { type Lab, STORES, type StoreKind } from '../lab.ts';
import type { ServerProcess } from '../processes.ts';
import { type Contestant, runRace } from '../race.ts';
import { refresh } from '../requests.ts';
import type { Line, Row } from '../row.ts';
import { type MadeSession, openSessions, type Sessions } from '../sessions.ts';

const FEW = 1_000;
const MANY = 1_000_000;
/** Sessions that call and refresh, spread evenly over all. */
const USED = 1_000;
const AT_ONCE = 16;
const HEAT = { atOnce: AT_ONCE, requests: 2000, rounds: 9, warmUp: 3000 };
const GOAL = { atMost: 1.1 };

/** A bridge with many sessions. */
interface Grown {
  readonly name: string;
  readonly url: string;
  readonly process: ServerProcess;
  readonly sessions: Sessions;
  readonly used: readonly MadeSession[];
}

async function grown(lab: Lab, store: StoreKind, count: number): Promise<Grown> {
  const { env, some } = await filledStore(lab, store, count, USED);
  const process = await startProgram(lab, env);
  return {
    name: `${count} sessions`,
    url: env.PUBLIC_URL,
    process,
    sessions: await openSessions(lab, env),
    used: some,
  };
}

/** Each refresh is one of the next session; no two are of the same session at the same time. */
function refreshing({ name, url, process, used }: Grown): Contestant {
  const tokens = used.map(({ refreshToken }) => refreshToken);
  let next = 0;
  return {
    name,
    processes: [process],
    async run() {
      const index = next++ % tokens.length;
      tokens[index] = await refresh(`${url}/token`, used[index]?.grant.clientId ?? '', tokens[index] ?? '');
    },
  };
}

export const growth: readonly Row[] = STORES.map((store) => {
  const calls = `growth, calls with ${MANY} sessions over ${FEW}, ${store}`;
  const refreshes = `growth, refreshes with ${MANY} sessions over ${FEW}, ${store}`;
  return {
    names: [calls, refreshes],
    async measure(lab) {
      const both = [await grown(lab, store, FEW), await grown(lab, store, MANY)];
      const callers = both.map(({ name, url, process, sessions, used }) =>
        calling({ name, urls: [url], processes: [process], sessions, callers: used }),
      );
      return [await line(calls, await Promise.all(callers)), await line(refreshes, both.map(refreshing))];
    },
  };
});

async function line(name: string, contestants: readonly Contestant[]): Promise<Line> {
  const placed = await runRace(contestants, HEAT);
  const { cpu = Number.NaN, p50 = Number.NaN, p99 = Number.NaN } = placed[1]?.ratios ?? {};
  return { name, unit: '×', goal: GOAL, values: { CPU: cpu, p50, p99 }, details: placed };
}
