/** The longest wait of another request while the sweeper visits many people, on SQLite. */
import { once } from 'node:events';
import { z } from 'zod';
import { filledStore } from '../filled-store.ts';
import { startServer } from '../processes.ts';
import { callTool } from '../requests.ts';
import type { Row } from '../row.ts';
import { openSessions } from '../sessions.ts';

const PEOPLE = 10_000;
const NAME = `longest wait while ${PEOPLE} people are due for a sweep`;
/** Seconds: the sweeper visits each person once an hour. */
const CLOCK_AHEAD = 3700;
/** Calls before the sweep, so that their code is compiled. */
const WARM_UP = 500;

export const sweep: Row = {
  names: [NAME],
  async measure(lab) {
    const { env, some } = await filledStore(lab, 'SQLite', PEOPLE, 1, { ACCESS_TOKEN_TTL: '1d' });
    const [caller] = some;
    if (caller === undefined) throw new Error('there is no session');
    const accessToken = await (await openSessions(lab, env)).accessToken(caller);
    const { url, process: server } = await startServer(lab, 'sweeper', [String(CLOCK_AHEAD)], env);
    const call = () => callTool(`${url}/mcp`, { accessToken });
    for (let i = 0; i < WARM_UP; i++) await call();

    const swept = once(server.child, 'message').then(([message]) => z.object({ people: z.number() }).parse(message));
    let visited: number | undefined;
    void swept.then(({ people }) => {
      visited = people;
    });
    server.child.send('sweep');
    const begun = performance.now();
    const waits: number[] = [];
    while (visited === undefined) {
      const sent = performance.now();
      await call();
      waits.push(performance.now() - sent);
    }
    const seconds = (performance.now() - begun) / 1000;
    if (visited < PEOPLE) throw new Error(`the sweep visited ${visited} people`);
    process.stdout.write(`  ${visited} people in ${seconds.toFixed(1)} s, ${waits.length} calls meanwhile\n`);
    return [
      {
        name: NAME,
        unit: 's',
        goal: { atMost: 0.2 },
        values: { SQLite: Math.max(...waits) / 1000 },
        details: { seconds },
      },
    ];
  },
};
