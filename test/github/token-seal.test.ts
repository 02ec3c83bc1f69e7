// Token pairs as the store keeps them: sealed for one credential, and due before they expire.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTokenSeal } from '../../src/github/token-seal.ts';
import { createSecrets, SealBroken } from '../../src/security/secrets.ts';

const [OLD, NEW] = ['the secret of last year is long enough', 'the secret of this year is long enough'];
const NOW = 1_800_000_000;

describe('a sealed token pair', () => {
  const seal = createTokenSeal(createSecrets([OLD]), () => NOW);
  const pair = { accessToken: 'ghu_a', refreshToken: 'ghr_b', expiresIn: 28_800, refreshExpiresIn: 15_897_600 };
  /** Seconds until a token of this lifetime is due. */
  const dueIn = (expiresIn: number) => {
    const { sealedTokens } = seal.seal('p', 'c', { accessToken: 'a', expiresIn });
    return (seal.open('p', 'c', sealedTokens).renewFrom ?? 0) - NOW;
  };

  it('opens as the credential that it was sealed for, and as no other', () => {
    const sealed = seal.seal('p', 'c', pair);
    assert.partialDeepStrictEqual(seal.open('p', 'c', sealed.sealedTokens), {
      accessToken: 'ghu_a',
      refreshToken: 'ghr_b',
    });
    assert.throws(() => seal.open('another', 'c', sealed.sealedTokens), SealBroken);
    assert.throws(() => seal.open('p', 'another', sealed.sealedTokens), SealBroken);
  });

  it('has the instants of its expiry beside it, and none when it does not expire', () => {
    const { sealedTokens: _, ...expiries } = seal.seal('p', 'c', pair);
    assert.deepEqual(expiries, { accessExpiresAt: NOW + 28_800, refreshExpiresAt: NOW + 15_897_600 });
    const { sealedTokens, ...none } = seal.seal('p', 'c', { accessToken: 'gho_a' });
    assert.deepEqual(none, {});
    assert.deepEqual(seal.open('p', 'c', sealedTokens), { accessToken: 'gho_a' });
  });

  it('is due five minutes before its expiry, but not before half of its life', () => {
    assert.deepEqual([28_800, 700, 600, 500, 61].map(dueIn), [28_500, 400, 300, 250, 30]);
  });

  it('is never due before it may be due by its expiry', () => {
    for (const expiresIn of [28_800, 600, 61]) {
      const then = createTokenSeal(createSecrets([OLD]), () => NOW + dueIn(expiresIn));
      assert.ok(then.mayBeDue(NOW + expiresIn), `${expiresIn} s`);
    }
    assert.equal(seal.mayBeDue(NOW + 301), false);
  });

  it('is sealed again under a newer secret only', () => {
    const { sealedTokens } = seal.seal('p', 'c', pair);
    assert.equal(seal.resealed('p', 'c', sealedTokens), undefined);
    const rotated = createTokenSeal(createSecrets([NEW, OLD]), () => NOW);
    const again = rotated.resealed('p', 'c', sealedTokens) ?? '';
    const newest = createTokenSeal(createSecrets([NEW]), () => NOW);
    assert.deepEqual(newest.open('p', 'c', again), seal.open('p', 'c', sealedTokens));
    assert.throws(() => newest.open('p', 'another', again), SealBroken);
  });
});
