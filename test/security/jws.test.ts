// Tokens that this server signs, as other implementations check them (RFC 7515, RFC 7518).
import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { signJwt } from '../../src/security/jws.ts';
import type { SigningKey } from '../../src/security/keys.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const es256: SigningKey = { kid: 'key-1', alg: 'ES256', privateKey: ec.privateKey };
const rs256: SigningKey = { kid: 'key-2', alg: 'RS256', privateKey: rsa.privateKey };

describe('a signed token', () => {
  it('has the header, the claims that are defined, and a signature that jose accepts', async () => {
    for (const [key, publicKey] of [
      [es256, ec.publicKey],
      [rs256, rsa.publicKey],
    ] as const) {
      const token = signJwt(key, 'at+jwt', { name: 'Ünï "cödé" 😀', nonce: undefined, list: [1] });
      const { payload, protectedHeader } = await jwtVerify(token, publicKey, { algorithms: [key.alg] });
      assert.deepEqual(payload, { name: 'Ünï "cödé" 😀', list: [1] });
      assert.deepEqual(protectedHeader, { alg: key.alg, typ: 'at+jwt', kid: key.kid });
      assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/, 'base64url without padding');
    }
  });

  it('has an ES256 signature of 64 bytes, however small its two integers are', () => {
    // Of so many signatures, some have an integer with one leading zero byte, and some with the bit that adds a byte to DER.
    const shorter = new Set<string>();
    for (let i = 0; i < 3000; i++) {
      const token = signJwt(es256, 'at+jwt', { i });
      const at = token.lastIndexOf('.');
      const signature = Buffer.from(token.slice(at + 1), 'base64url');
      assert.equal(signature.length, 64);
      const key = { key: ec.publicKey, dsaEncoding: 'ieee-p1363' } as const;
      assert.ok(verify('sha256', Buffer.from(token.slice(0, at)), key, signature), token);
      if (signature[0] === 0) shorter.add('r');
      if (signature[32] === 0) shorter.add('s');
    }
    assert.deepEqual([...shorter].sort(), ['r', 's']);
  });
});
