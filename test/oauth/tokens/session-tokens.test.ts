// Codes and refresh tokens: they name their session, and a refresh token proves that this server made it, so that nobody
// ends a session with an invented one (design decision 6; test/threats/refresh.test.ts, #4).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { grantIdOf, newLoginId } from '../../../src/base/login-id.ts';
import {
  codeSession,
  formatSid,
  mintCode,
  mintRefreshToken,
  parseSid,
  readRefreshToken,
} from '../../../src/oauth/tokens/session-tokens.ts';
import { createSecrets } from '../../../src/security/secrets.ts';

const secrets = createSecrets(['a test secret that is long enough and no secret at all']);
const strangers = createSecrets(['another test secret, long enough too, of somebody else']);
const ref = fc
  .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.uint8Array({ minLength: 12, maxLength: 12 }))
  .map(([person, grant]) => ({
    person: Buffer.from(person).toString('base64url'),
    grant: Buffer.from(grant).toString('base64url'),
  }));
const newGrant = () => grantIdOf(newLoginId());
const generation = fc.integer({ min: 1, max: 2 ** 32 - 1 });

describe('a refresh token', () => {
  it('says, whatever they are, its session and its generation', () => {
    fc.assert(
      fc.property(ref, generation, (session, number) => {
        const read = readRefreshToken(secrets, mintRefreshToken(secrets, session, number));
        assert.deepEqual(read, { ref: session, generation: number });
      }),
    );
  });

  it('says nothing when any character of it is changed', () => {
    fc.assert(
      fc.property(ref, generation, fc.nat(), fc.string({ maxLength: 2 }), (session, number, at, inserted) => {
        const token = mintRefreshToken(secrets, session, number);
        const index = at % token.length;
        const changed = token.slice(0, index) + inserted + token.slice(index + 1);
        if (changed !== token) assert.equal(readRefreshToken(secrets, changed), undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it('says nothing to a server with another secret', () => {
    const session = { person: newGrant(), grant: newGrant() };
    assert.equal(readRefreshToken(strangers, mintRefreshToken(secrets, session, 1)), undefined);
  });

  it('is another one each time', () => {
    const session = { person: newGrant(), grant: newGrant() };
    assert.notEqual(mintRefreshToken(secrets, session, 1), mintRefreshToken(secrets, session, 1));
  });
});

describe('a code', () => {
  it('names its session, and has 256 random bits beside', () => {
    fc.assert(
      fc.property(ref, (session) => {
        const [one, other] = [mintCode(session), mintCode(session)];
        assert.deepEqual(codeSession(one), session);
        assert.notEqual(one, other);
        assert.equal(Buffer.from(one.slice('mgc_'.length), 'base64url').length, 12 + 12 + 32);
      }),
    );
  });

  it('is known by its form alone: prefix, length and the one spelling of its bytes', () => {
    const code = mintCode({ person: newGrant(), grant: newGrant() });
    for (const other of [
      '',
      'mgc_',
      code.slice(1),
      `${code}A`,
      code.slice(0, -1),
      `${code}=`,
      code.replace('mgc', 'mgr'),
    ])
      assert.equal(codeSession(other), undefined, other);
  });
});

describe('a sid', () => {
  it('names a session both ways, and nothing else is one', () => {
    fc.assert(fc.property(ref, (session) => assert.deepEqual(parseSid(formatSid(session)), session)));
    const person = 'A'.repeat(16);
    for (const text of [
      '',
      person,
      `${person}.`,
      `${person}.${person}x`,
      `${person}.${person}.x`,
      `${person}/${person}`,
    ])
      assert.equal(parseSid(text), undefined, text);
  });
});
