// The signature of Standard Webhooks, by the example of its specification.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyOf, signedHeaders } from '../../src/hooks/signature.ts';

describe('the signature of an event', () => {
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' };
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

  it('is that of the specification', () => {
    assert.deepEqual(signedHeaders([secret], message), {
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is there for each secret while they change', () => {
    const [both, first, second] = [[secret, 'plain text'], [secret], ['plain text']].map(
      (secrets) => signedHeaders(secrets, message)['webhook-signature'],
    );
    assert.equal(both, `${first} ${second}`);
  });

  it('takes a secret without a prefix as its bytes', () => {
    assert.deepEqual(keyOf('plain text'), Buffer.from('plain text'));
  });
});
