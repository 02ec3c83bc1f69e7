/** A tool call that needs no GitHub data, over the bare SDK handler with the same tool: both eras, one and 16 at once. */
import { startBridge } from '../bridge.ts';
import { calling } from '../calling.ts';
import { type Lab, STORES, type StoreKind } from '../lab.ts';
import { startServer } from '../processes.ts';
import { type Contestant, raceRow } from '../race.ts';
import { callTool, ERAS, type Era } from '../requests.ts';
import type { Row } from '../row.ts';

async function bareSdk(lab: Lab, era: Era): Promise<Contestant> {
  const { url, process } = await startServer(lab, 'sdk');
  return { name: 'bare SDK', processes: [process], run: () => callTool(url, { era }) };
}

async function bridge(lab: Lab, name: StoreKind, era: Era): Promise<Contestant> {
  const { url, process, sessions } = await startBridge(lab, name);
  return calling({ name, urls: [url], processes: [process], sessions, era });
}

export const toolCalls: readonly Row[] = ERAS.flatMap((era) =>
  [16, 1].map((atOnce) =>
    raceRow({
      name: `tools/call, ${era}, ${atOnce} at once`,
      peer: 'the bare SDK handler',
      atOnce,
      goal: atOnce === 1 ? 1.3 : 1,
      requests: atOnce === 1 ? 500 : 1000,
      contestants: (lab) => Promise.all([bareSdk(lab, era), ...STORES.map((store) => bridge(lab, store, era))]),
    }),
  ),
);
