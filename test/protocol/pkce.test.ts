// PKCE with S256 (RFC 7636 sections 4.1 and 4.2).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeChallenge, isCodeChallenge, isCodeVerifier, randomVerifier } from '../../src/protocol/pkce.ts';

describe('PKCE', () => {
  it('makes of a verifier the challenge of RFC 7636, appendix B', () => {
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    assert.equal(codeChallenge(verifier), 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  });

  it('takes as a verifier 43 to 128 unreserved characters', () => {
    for (const verifier of ['a'.repeat(43), 'Z'.repeat(128), `${'0'.repeat(40)}-._~`, randomVerifier()])
      assert.equal(isCodeVerifier(verifier), true, verifier);
    for (const verifier of [
      '',
      'a'.repeat(42),
      'a'.repeat(129),
      `${'a'.repeat(43)}=`,
      `${'a'.repeat(43)}\n`,
      'é'.repeat(43),
    ])
      assert.equal(isCodeVerifier(verifier), false, verifier);
  });

  it('takes as a challenge what S256 gives: 43 characters of base64url', () => {
    assert.equal(isCodeChallenge(codeChallenge(randomVerifier())), true);
    for (const challenge of ['', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}=`, `${'a'.repeat(42)}~`])
      assert.equal(isCodeChallenge(challenge), false, challenge);
  });

  it('makes another verifier each time', () => {
    assert.notEqual(randomVerifier(), randomVerifier());
  });
});
