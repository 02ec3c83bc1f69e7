/** `--soak`: a million calls and a hundred thousand logins; the memory of the process must stay flat. */
import { createAgent } from '../../test/support/agent.ts';
import { logIn, register } from '../../test/support/oauth.ts';
import { bridgeEnvironment, startProgram } from '../bridge.ts';
import { STORES } from '../lab.ts';
import { startServer } from '../processes.ts';
import { median, turn } from '../race.ts';
import { callTool } from '../requests.ts';
import type { Row } from '../row.ts';

const CALLS = 1_000_000;
const LOGINS = 100_000;
/** Parts after each of which the memory is printed. */
const PARTS = 20;
const AT_ONCE = 16;
/** The accounts of the simulated GitHub, each of which may call it 5,000 times in an hour; its page to sign in lists all. */
const PEOPLE = 30;

/** The browser of a login, from an address of its own: one address may not begin so many. */
const browserFrom = (number: number) =>
  createAgent({ headers: { 'X-Forwarded-For': `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}` } });

export const soak: readonly Row[] = STORES.map((store) => {
  const flat = `soak, memory in the last quarter over the second, ${store}`;
  const most = `soak, most memory, ${store}`;
  return {
    names: [flat, most],
    async measure(lab) {
      const before = await bridgeEnvironment(lab, store, { TRUSTED_PROXIES: '127.0.0.1' });
      const { PUBLIC_URL: url, GITHUB_CLIENT_ID: id = '', GITHUB_CLIENT_SECRET: secret = '' } = before;
      const github = await startServer(lab, 'github', [url, id, secret, String(PEOPLE)]);
      const server = await startProgram(lab, { ...before, GITHUB_URL: github.url });
      const client = await register(url);
      const tokens: string[] = [];
      let [next, begun] = [0, 0];
      const logins = {
        name: 'logins',
        processes: [server],
        async run(worker: number) {
          const number = begun++;
          const login = `person-${number % PEOPLE}`;
          tokens[worker] = (await logIn(url, client, { login, browser: browserFrom(number) })).access_token;
        },
      };
      const calls = {
        name: 'calls',
        processes: [server],
        run: () => callTool(`${url}/mcp`, { accessToken: tokens[next++ % tokens.length] ?? '' }),
      };
      const memory: number[] = [];
      for (let part = 1; part <= PARTS; part++) {
        const [login, call] = [await turn(logins, LOGINS / PARTS, AT_ONCE), await turn(calls, CALLS / PARTS, AT_ONCE)];
        memory.push(server.resident() / 1e6);
        const cpu = `${login.cpu.toFixed(2)} ms of CPU a login, ${call.cpu.toFixed(2)} a call`;
        process.stdout.write(
          `  ${((part / PARTS) * 100).toFixed(0).padStart(3)} %  ${memory.at(-1)?.toFixed(0)} MB, ${cpu}\n`,
        );
      }
      const quarter = (index: number) => median(memory.slice((index * PARTS) / 4, ((index + 1) * PARTS) / 4));
      return [
        { name: flat, unit: '×', goal: { atMost: 1.1 }, values: { [store]: quarter(3) / quarter(1) }, details: memory },
        { name: most, unit: 'MB', goal: { atMost: 200 }, values: { [store]: Math.max(...memory) } },
      ];
    },
  };
});
