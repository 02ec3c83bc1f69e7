// Whether a store was made under the secrets that are configured: a bridge must not start with a store that it cannot open.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { checkCanaries, ForeignStore, readCanaries } from '../../src/security/canary.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { wire } from '../../src/wiring.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';

const OLD = 'the secret of last year is long enough';
const NEW = 'the secret of this year is long enough';

onBothStores('a bridge whose secret changes', (store) => {
  const bridge = useBridge({ store, env: { BRIDGE_SECRET: OLD } });

  /** Starts and stops another bridge over the same store. */
  const under = async (...secrets: string[]) => {
    const other = await wire(
      { ...bridge.config, secrets },
      { store: bridge.store, events: new EventBus(), now: bridge.now },
    );
    await other.services.keys.jwks();
    await other.maintain();
    await other.close();
  };

  it('does not start with another secret than its store was made under', async () => {
    await assert.rejects(under(NEW), ForeignStore);
  });

  it('writes nothing when it only checks', async () => {
    const [secrets, { refreshTokenTtl }] = [createSecrets([NEW, OLD]), bridge.config];
    const before = await bridge.store.shared.readDocument('canaries');
    const { needed } = await readCanaries(bridge.store.shared, secrets, bridge.now(), refreshTokenTtl);
    assert.equal(needed.length, 1);
    assert.deepEqual(await bridge.store.shared.readDocument('canaries'), before);
  });

  it('leaves one canary of the new secret, however many replicas start at once', async () => {
    const [secrets, { refreshTokenTtl }] = [createSecrets([NEW, OLD]), bridge.config];
    await Promise.all(
      Array.from({ length: 8 }, () => checkCanaries(bridge.store.shared, secrets, bridge.now(), refreshTokenTtl)),
    );
    const { all } = await readCanaries(bridge.store.shared, secrets, bridge.now(), refreshTokenTtl);
    assert.deepEqual(
      all.map(({ sealed }) => secrets.isCurrent(sealed)),
      [false, true],
    );
    const before = await bridge.store.shared.readDocument('canaries');
    await checkCanaries(bridge.store.shared, secrets, bridge.now(), refreshTokenTtl);
    assert.deepEqual(await bridge.store.shared.readDocument('canaries'), before, 'a further start writes nothing');
  });

  it('starts with the new and the old one, and with the new one alone once everything sealed under the old one has expired', async () => {
    await under(NEW, OLD);
    await assert.rejects(under(NEW), ForeignStore, 'sessions sealed under the old secret may live yet');
    bridge.advance(bridge.config.refreshTokenTtl + 1);
    await under(NEW);
  });
});
