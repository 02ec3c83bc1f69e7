/** Two processes on one Redis, over one. */
import { freePort } from '../../test/support/ports.ts';
import { startBridge, startProgram } from '../bridge.ts';
import { calling } from '../calling.ts';
import { runRace } from '../race.ts';
import type { Row } from '../row.ts';

const NAME = 'two processes over one, by CPU for a call';
/** Calls at once for each process. */
const AT_ONCE = 16;

export const replicas: Row = {
  names: [NAME],
  async measure(lab) {
    const { url, env, process, sessions } = await startBridge(lab, 'Redis');
    const port = String(await freePort());
    const second = await startProgram(lab, { ...env, PORT: port });
    const urls = [url, `http://127.0.0.1:${port}`];
    const one = await calling({ name: 'one process', urls: [url], processes: [process], sessions });
    const two = await calling({ name: 'two processes', urls, processes: [process, second], sessions });
    const heat = { atOnce: AT_ONCE, requests: 1600, rounds: 5, warmUp: 3000 };
    const placed = await runRace([one, { ...two, atOnce: 2 * AT_ONCE }], heat);
    const ratio = placed[1]?.ratios.cpu ?? Number.NaN;
    return [{ name: NAME, unit: '×', goal: { atLeast: 1.8 }, values: { Redis: 2 / ratio }, details: placed }];
  },
};
