/**
 * The conformance suite, which every store must pass. To run it against a new store, write a test file that opens that
 * store:
 *
 * ```ts
 * import { describeStore } from '../../src/store/conformance/describe-store.ts';
 * import { createNewStore } from '../../src/store/new/new-store.ts';
 *
 * describeStore('the new store', async (now) => {
 *   const place = await makeEmptyPlace(); // a folder, a database, a key prefix: nothing in it yet
 *   const store = createNewStore(place, { now });
 *   const second = createNewStore(place, { now }); // over the same records, as another replica
 *   return { store, second, remove: () => place.remove() };
 * });
 * ```
 *
 * Run it with Node's test runner (`npm test -- test/store`). Every case opens its own two instances, so `openStores` is
 * called once per case. The store must read the time only from `now`, which the cases move forward. Many cases call
 * both instances at once, so a store passes only if each method is atomic. The cases of one sub-store are in one file
 * (`sessions` has three: `codes.ts`, `refresh-tokens.ts`, `sessions.ts`); `fixtures.ts` has the records they use.
 */
import { describe, it } from 'node:test';
import { describeBlocks } from './blocks.ts';
import { describeClients } from './clients.ts';
import { describeCodes } from './codes.ts';
import { describeConsents } from './consents.ts';
import { describeCounts } from './counts.ts';
import { describeCredentials } from './credentials.ts';
import { describeDirectory } from './directory.ts';
import { describeLogins } from './logins.ts';
import { describeRefreshTokens } from './refresh-tokens.ts';
import { describeResets } from './resets.ts';
import { describeRevocations } from './revocations.ts';
import { describeSessions } from './sessions.ts';
import { describeShared } from './shared.ts';
import type { DefineTest, OpenStores } from './stores.ts';

/** The instant at which each case begins, in epoch seconds. */
const START = 1_800_000_000;

/**
 * Defines the suite for one store.
 * @param name the name of the store in the test report
 */
export function describeStore(name: string, openStores: OpenStores): void {
  const test: DefineTest = (title, body) =>
    it(title, async () => {
      let instant = START;
      const time = () => instant;
      const { store, second, remove } = await openStores(time);
      try {
        await body({ store, second, time, advance: (seconds) => (instant += seconds) });
      } finally {
        await store.close();
        await second.close();
        await remove?.();
      }
    });

  describe(name, () => {
    test('answers a ping', ({ store }) => store.ping());
    describe('clients', () => describeClients(test));
    describe('logins', () => describeLogins(test));
    describe('codes', () => describeCodes(test));
    describe('refresh tokens', () => describeRefreshTokens(test));
    describe('sessions', () => describeSessions(test));
    describe('credentials', () => describeCredentials(test));
    describe('revocations', () => describeRevocations(test));
    describe('resets', () => describeResets(test));
    describe('directory', () => describeDirectory(test));
    describe('blocks', () => describeBlocks(test));
    describe('consents', () => describeConsents(test));
    describe('counts', () => describeCounts(test));
    describe('what replicas share', () => describeShared(test));
  });
}
