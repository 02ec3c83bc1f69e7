// The operator's policy for a session that lives: what it ends, and what it leaves. End to end: test/oauth/grants/refresh-token.test.ts
// and test/threats/gateway-streams.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPolicy } from '../../src/oauth/session-policy.ts';
import { UpstreamFailure } from '../../src/oauth/upstream.ts';
import type { Session } from '../../src/store/records.ts';

const session = { grant: { ref: { person: 'p', grant: 'g' }, authTime: 7 }, credential: { id: 'c' } } as Session;

/** What is ended when GitHub and the settings say this of a person, and what is thrown. */
async function applied(failure?: Error): Promise<{ ended: unknown[]; thrown: unknown }> {
  const ended: unknown[] = [];
  const thrown = await applyPolicy(
    {
      upstream: {
        async recheck(credential, loginAt) {
          assert.deepEqual([credential, loginAt], [session.credential, 7]);
          if (failure !== undefined) throw failure;
        },
      },
      sessionEnding: {
        async end(...how) {
          return ended.push(how) > 0;
        },
      },
    },
    session,
  ).catch((error: unknown) => error);
  return { ended, thrown };
}

describe('the policy for a session', () => {
  it('leaves a session of a person who may use the server', async () => {
    assert.deepEqual(await applied(), { ended: [], thrown: undefined });
  });

  it('ends a session of a person who may not, and says so', async () => {
    const failure = new UpstreamFailure('access_denied', 'not_allowed', 'no');
    assert.deepEqual(await applied(failure), {
      ended: [[session.grant.ref, 'not_allowed', 'operator']],
      thrown: failure,
    });
  });

  it('ends nothing that it cannot decide, and nothing that GitHub has ended already', async () => {
    for (const failure of [
      new UpstreamFailure('temporarily_unavailable', 'github_unreachable', 'down'),
      new UpstreamFailure('access_denied', 'github_denied', 'dead'),
      new Error('a bug'),
    ])
      assert.deepEqual(await applied(failure), { ended: [], thrown: failure });
  });
});
