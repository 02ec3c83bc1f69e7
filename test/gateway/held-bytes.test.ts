// What the gateway holds of bodies, lists and events is counted together, for each person and for all, and nothing stays
// counted. Request bodies are in bodies.test.ts, lists and events of servers in test/threats/gateway-streams.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHeldBytes } from '../../src/gateway/held-bytes.ts';
import { Refusal } from '../../src/gateway/refusal.ts';

const refused = (error: unknown) => error instanceof Refusal && error.status === 503 && error.retryAfter === 5;

describe('bytes that are held', () => {
  it('count in place of those before, until they are released', () => {
    const held = createHeldBytes();
    const [one, other] = [held.share('octocat'), held.share('octocat')];
    one.hold(100);
    one.hold(70);
    other.hold(5);
    assert.equal(held.held, 75);
    one.release();
    one.release();
    assert.equal(held.held, 5);
    one.hold(1);
    assert.equal(held.held, 6);
  });

  it('are limited for one person, and for all', () => {
    const held = createHeldBytes({ all: 100, perPerson: 60 });
    const [one, same, other, nobody] = ['octocat', 'octocat', 'hubot', undefined].map((person) => held.share(person));
    one?.hold(40);
    assert.throws(() => same?.hold(21), refused);
    same?.release();
    other?.hold(60);
    assert.throws(() => nobody?.hold(1), refused);
    nobody?.release();
    one?.release();
    nobody?.hold(1);
    assert.equal(held.held, 61);
  });

  it('may become fewer also when too many are held: what shrinks is not cut off', () => {
    const held = createHeldBytes({ all: 100, perPerson: 100 });
    const [one, other] = [held.share(), held.share()];
    one.hold(100);
    assert.throws(() => other.hold(50), refused);
    one.hold(90);
    assert.equal(held.held, 140);
  });
});
