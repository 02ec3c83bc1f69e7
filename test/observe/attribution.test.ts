// Whose an event is: that of its own session before that of the request, because one request may end the sessions of others.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grantIdOf, newLoginId } from '../../src/base/login-id.ts';
import { attribution, circumstances, loginOfEvent } from '../../src/observe/attribution.ts';

const [login, other] = [newLoginId(), newLoginId()];
const session = { clientId: 'c', person: 'p', grant: grantIdOf(login) };
const known = { reference: 'r', address: '192.0.2.1', login: other, via: 'client' } as const;

describe('an event', () => {
  it('is of the login of its session, or else of that of its request', () => {
    assert.equal(loginOfEvent(session, known), login);
    assert.equal(loginOfEvent({ clientId: 'c' }, known), other);
    assert.equal(loginOfEvent({ clientId: 'c' }, undefined), undefined);
  });

  it('is told with its login outside of requests too', () => {
    assert.deepEqual(circumstances(session, undefined), { login });
    assert.deepEqual(circumstances({ clientId: 'c' }, undefined), {});
  });

  it('is the act of whoever decided it', () => {
    const ended = { ...session, reason: 'revoked' } as const;
    assert.deepEqual(attribution('grant.ended', { ...ended, by: 'client' }, undefined), { via: 'client' });
    assert.deepEqual(attribution('grant.ended', { ...ended, by: 'clock' }, known), { via: 'clock' });
    assert.deepEqual(attribution('grant.ended', { ...ended, by: 'upstream' }, known), { via: 'github' });
    assert.deepEqual(attribution('grant.ended', { ...ended, by: 'operator' }, undefined), { via: 'clock' });
    assert.deepEqual(attribution('client.removed', { clientId: 'c' }, known), { via: 'client' });
  });
});
