// Sealing and signing under BRIDGE_SECRET, its rotation, and the refusal of a store made under another one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { ForeignStore } from '../../src/security/canary.ts';
import { createSecrets, openUnder, SealBroken, sealUnder } from '../../src/security/secrets.ts';
import { wire } from '../../src/wiring.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';

const OLD = 'the secret of last year is long enough';
const NEW = 'the secret of this year is long enough';

describe('secrets', () => {
  it('open what they sealed, for the same record only', () => {
    const secrets = createSecrets([OLD]);
    const sealed = secrets.seal('gho_token', 'credential:a');
    assert.equal(secrets.open(sealed, 'credential:a'), 'gho_token');
    assert.throws(() => secrets.open(sealed, 'credential:b'), SealBroken);
    assert.ok(!sealed.includes('gho_token'));
    assert.notEqual(secrets.seal('gho_token', 'credential:a'), sealed, 'the same text never looks the same twice');
  });

  it('notice every changed byte', () => {
    const secrets = createSecrets([OLD]);
    const sealed = secrets.seal('text', 'record');
    const box = sealed.lastIndexOf('.') + 1;
    for (let i = box; i < sealed.length; i++) {
      const bytes = Buffer.from(sealed.slice(box), 'base64url');
      const at = Math.min(i - box, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      assert.throws(() => secrets.open(sealed.slice(0, box) + bytes.toString('base64url'), 'record'), SealBroken);
    }
  });

  it('rotate: the first seals, all open', () => {
    const before = createSecrets([OLD]);
    const rotated = createSecrets([NEW, OLD]);
    const sealed = before.seal('text', 'record');
    assert.equal(rotated.open(sealed, 'record'), 'text');
    assert.equal(rotated.isCurrent(sealed), false);
    assert.throws(() => before.open(rotated.seal('text', 'record'), 'record'), SealBroken);
    const message = Buffer.from('message');
    assert.ok(rotated.verify('purpose', message, before.sign('purpose', message)));
    assert.ok(!rotated.verify('another purpose', message, before.sign('purpose', message)));
    assert.ok(!before.verify('purpose', message, rotated.sign('purpose', message)));
  });

  it('seal a successor so that only the holder of the spent token opens it', () => {
    const sealed = sealUnder('mgr_spent', 'mgr_successor');
    assert.equal(openUnder('mgr_spent', sealed), 'mgr_successor');
    assert.throws(() => openUnder('mgr_other', sealed), SealBroken);
  });
});

onBothStores('a bridge whose secret changes', (store) => {
  const bridge = useBridge({ store, env: { BRIDGE_SECRET: OLD } });
  const under = async (...secrets: string[]) => {
    const other = await wire(
      { ...bridge.config, secrets },
      { store: bridge.store, events: new EventBus(), now: bridge.now },
    );
    await other.services.keys.jwks();
    await other.maintain();
    await other.close();
  };

  it('refuses a store made under another secret', async () => {
    await assert.rejects(under(NEW), ForeignStore);
  });

  it('goes on with the old secret beside the new, and with the new alone when nothing of the old is left', async () => {
    await under(NEW, OLD);
    await assert.rejects(under(NEW), ForeignStore, 'sessions sealed under the old secret may live yet');
    bridge.advance(bridge.config.refreshTokenTtl + 1);
    await under(NEW);
  });
});
