// Sealing and signing under BRIDGE_SECRET, and its rotation.
import assert from 'node:assert/strict';
import { createDecipheriv, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  createSecrets,
  hashToken,
  isRandomId,
  matchesHash,
  openUnder,
  randomId,
  randomToken,
  SealBroken,
  sealUnder,
} from '../../src/security/secrets.ts';

const OLD = 'the secret of last year is long enough';
const NEW = 'the secret of this year is long enough';

describe('the secrets of a bridge', () => {
  it('open what they sealed, for the same record only', () => {
    const secrets = createSecrets([OLD]);
    const sealed = secrets.seal('gho_token', 'credential:a');
    assert.equal(secrets.open(sealed, 'credential:a'), 'gho_token');
    assert.throws(() => secrets.open(sealed, 'credential:b'), SealBroken);
    assert.ok(!sealed.includes('gho_token'));
    assert.notEqual(secrets.seal('gho_token', 'credential:a'), sealed, 'the same text never looks the same twice');
  });

  it('do not open a sealed text of which any byte was changed', () => {
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

  it('can be rotated: the first one seals and signs, all open and verify', () => {
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

  it('do not open a text that is sealed under a token: only who has that token can', () => {
    const sealed = sealUnder('mgr_spent', 'mgr_successor');
    assert.equal(openUnder('mgr_spent', sealed), 'mgr_successor');
    assert.throws(() => openUnder('mgr_other', sealed), SealBroken);
  });

  it('do not let the store open what is sealed under a token: it has the SHA-256 of the token', () => {
    const spent = `mgr_${randomToken(76)}`;
    const inStore = Buffer.from(hashToken(spent), 'base64url');
    const box = Buffer.from(sealUnder(spent, 'mgr_successor'), 'base64url');
    // An HMAC with a key of more than 64 bytes is one with the SHA-256 of that key (RFC 2104 section 2).
    for (const key of [inStore, createHmac('sha256', inStore).update('successor').digest()]) {
      const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, 12)).setAuthTag(box.subarray(12, 28));
      decipher.update(box.subarray(28));
      assert.throws(() => decipher.final());
    }
  });
});

describe('a hash of a token', () => {
  it('matches that token only', () => {
    const token = randomToken();
    assert.equal(matchesHash(token, hashToken(token)), true);
    assert.equal(matchesHash(`${token}x`, hashToken(token)), false);
    assert.equal(matchesHash(token, token), false);
    assert.equal(matchesHash(token, ''), false);
  });
});

describe('a random token', () => {
  it('has so many bytes, and is never the same', () => {
    assert.equal(Buffer.from(randomToken(), 'base64url').length, 32);
    assert.equal(Buffer.from(randomToken(8), 'base64url').length, 8);
    assert.notEqual(randomToken(), randomToken());
  });

  it('that is an id has 22 characters, and a form of its own', () => {
    assert.equal(isRandomId(randomId()), true);
    const letters = 'A'.repeat(22);
    for (const other of ['', 'A'.repeat(21), 'A'.repeat(23), `${letters.slice(1)}*`, `${letters}\n`, '__proto__'])
      assert.equal(isRandomId(other), false, other);
  });
});
