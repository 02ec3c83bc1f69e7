/** How long administrators wait with many people: each question to the directory, as the page and the commands ask it. */
import { readConfig } from '../../src/config/config.ts';
import { EventBus } from '../../src/observe/events.ts';
import { openStore } from '../../src/open-store.ts';
import { wire } from '../../src/wiring.ts';
import { filledStore } from '../filled-store.ts';
import type { Line, Row } from '../row.ts';

const PEOPLE = 100_000;
const SESSIONS = 150_000;
/** The median of so many is told. */
const ROUNDS = 7;
/** People on a page. */
const LIMIT = 20;

const NAMES = [
  'first page by login',
  'a page in the middle',
  'search by login',
  'search by id:123',
  'search by client id',
  'first page by last use',
  'clients',
  'show one person',
  'statistics',
  'counts',
] as const;

export const admin: readonly Row[] = [
  {
    names: NAMES.map((name) => `administrators, ${PEOPLE} people: ${name}`),
    async measure(lab) {
      const values = new Map<string, Record<string, number>>(NAMES.map((name) => [name, {}]));
      for (const kind of ['SQLite', 'Redis'] as const) {
        const { env, some } = await filledStore(lab, kind, SESSIONS, 10, {}, PEOPLE);
        const config = readConfig(env);
        const store = await openStore(config, { serving: false });
        lab.atEnd(() => store.close());
        const bridge = await wire(config, { store, events: new EventBus() });
        lab.atEnd(() => bridge.close());
        const { directory, people } = bridge;
        const [one] = some;
        if (one === undefined) throw new Error('there is no session');
        const middle = `login:person-${one.accountId + PEOPLE / 2} `;
        const { clientId } = one.grant;
        const questions: Record<(typeof NAMES)[number], () => Promise<unknown>> = {
          'first page by login': () => directory.people({ text: '', limit: LIMIT }),
          'a page in the middle': () => directory.people({ text: '', limit: LIMIT, after: middle }),
          'search by login': () => directory.people({ text: `person-${one.accountId}`, limit: LIMIT }),
          'search by id:123': () => directory.people({ text: `id:${one.accountId}`, limit: LIMIT }),
          'search by client id': () => directory.people({ text: `client:${clientId}`, limit: LIMIT }),
          'first page by last use': () => directory.people({ text: '', sort: 'last-used', limit: LIMIT }),
          clients: () => store.directory.clients('', '', 50),
          'show one person': () => people.find(`person-${one.accountId}`),
          statistics: () => directory.statistics(),
          counts: () => store.counts(),
        };
        for (const name of NAMES) {
          const times: number[] = [];
          for (let round = 0; round < ROUNDS; round++) {
            const begun = performance.now();
            await questions[name]();
            times.push((performance.now() - begun) / 1000);
          }
          const median = times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
          const ofName = values.get(name);
          if (ofName !== undefined) ofName[kind] = median;
        }
        const { people: counted, sessions } = await directory.statistics();
        if (counted !== PEOPLE || sessions !== SESSIONS)
          throw new Error(`it counts ${counted} people, ${sessions} sessions`);
      }
      return NAMES.map(
        (name): Line => ({
          name: `administrators, ${PEOPLE} people: ${name}`,
          unit: 's',
          goal: { atMost: 1 },
          values: values.get(name) ?? {},
        }),
      );
    },
  },
];
