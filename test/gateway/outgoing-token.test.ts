// What an MCP server gets as bearer, and what follows when it refuses that. With GitHub's answers: test/github/forwarding.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { UpstreamCredential } from '../../src/config/upstreams.ts';
import { createOutgoingTokens } from '../../src/gateway/outgoing-token.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import type { TokenForwarding } from '../../src/github/forwarding.ts';
import { CredentialDead, GithubTrouble } from '../../src/github/trouble.ts';
import type { CredentialState, Session } from '../../src/store/records.ts';

const credential = (generation: number): CredentialState =>
  ({
    id: 'c',
    person: 'p',
    appClientId: 'app',
    generation,
    account: { id: 1, login: 'octocat' },
    scope: [],
    sealedTokens: '',
  }) as unknown as CredentialState;
const session = {
  grant: { ref: { person: 'p', grant: 'g' }, clientId: 'client' },
  credential: credential(1),
} as unknown as Session;
const renewed: Session = { ...session, credential: credential(2) };
const authInfo: AuthInfo = {
  token: "the client's own token",
  clientId: 'client',
  scopes: ['read:user'],
  extra: { caller: { session, expiresAt: 0, credentialDied: false } },
};

/** The tokens for a server; GitHub's side answers what the test says. */
function outgoing(
  kind: UpstreamCredential,
  github: Partial<TokenForwarding> = {},
  token = (generation: number) => `gho_${generation}`,
) {
  const forwarding: TokenForwarding = {
    fresh: async (current) => current,
    accessToken: ({ generation }) => token(generation),
    afterRefusal: async () => undefined,
    ...github,
  };
  return createOutgoingTokens({ credential: kind }, forwarding, {
    tokenFor: async (_session, scope) => `identity of ${scope.join(' ')}`,
  });
}
const isRefusal = (status: number, message: RegExp) => (error: unknown) =>
  error instanceof Refusal && error.status === status && message.test(error.message);
const KEPT = /refuses .*your session is kept$/;

describe('the bearer of an MCP server', () => {
  it('is the GitHub token, refreshed when that is due', async () => {
    const { token, hasScopes } = await outgoing('github', { fresh: async () => renewed })(authInfo);
    assert.equal(token, 'gho_2');
    assert.equal(hasScopes, true);
  });

  it('has no scopes to ask for more of when it is the token of a GitHub App', async () => {
    assert.equal((await outgoing('github', {}, () => 'ghu_x')(authInfo)).hasScopes, false);
  });

  it('is the token that names the person, with the scopes of the call', async () => {
    const { token, hasScopes } = await outgoing('identity')(authInfo);
    assert.equal(token, 'identity of read:user');
    assert.equal(hasScopes, false);
  });

  it('is nothing', async () => {
    const { token, hasScopes } = await outgoing('none')(authInfo);
    assert.equal(token, undefined);
    assert.equal(hasScopes, false);
  });

  it("is never the client's own token", async () => {
    for (const kind of ['github', 'identity', 'none'] as const)
      assert.notEqual((await outgoing(kind)(authInfo)).token, authInfo.token);
  });

  it('waits for GitHub when it has expired: 503 with the time after which to try again', async () => {
    for (const [retryAfter, expected] of [
      [7, 7],
      [undefined, 30],
    ] as const) {
      const trouble = new GithubTrouble(
        'unavailable',
        'GitHub could not renew the access',
        retryAfter === undefined ? {} : { retryAfter },
      );
      await assert.rejects(
        outgoing('github', { fresh: () => Promise.reject(trouble) })(authInfo),
        (error) => error instanceof Refusal && error.status === 503 && error.retryAfter === expected,
      );
    }
  });

  it('is none for a credential that ended', async () => {
    const dead = { fresh: () => Promise.reject(new CredentialDead('gone')) };
    await assert.rejects(outgoing('github', dead)(authInfo), CredentialDead);
  });
});

describe('a bearer that the server refuses', () => {
  it('is replaced once by another of GitHub, and after that it is 502', async () => {
    let asked = 0;
    const first = await outgoing('github', {
      afterRefusal: async (refused) => {
        asked++;
        assert.equal(refused.credential.generation, 1);
        return renewed;
      },
    })(authInfo);
    const second = await first.refused();
    assert.equal(second.token, 'gho_2');
    await assert.rejects(second.refused(), isRefusal(502, KEPT));
    assert.equal(asked, 1);
  });

  it('is 502 when GitHub has no other: a server logs nobody out', async () => {
    await assert.rejects((await outgoing('github')(authInfo)).refused(), isRefusal(502, KEPT));
  });

  it('ends the session only when GitHub says so', async () => {
    const tokens = outgoing('github', {
      afterRefusal: () => Promise.reject(new CredentialDead('GitHub answered 401')),
    });
    await assert.rejects((await tokens(authInfo)).refused(), CredentialDead);
  });

  it('is asked about at GitHub as it was sent, not as the call began', async () => {
    const tokens = outgoing('github', {
      fresh: async () => ({ ...session, credential: credential(5) }),
      afterRefusal: async (sent) => ({ ...sent, credential: credential(sent.credential.generation + 1) }),
    });
    assert.equal((await (await tokens(authInfo)).refused()).token, 'gho_6');
  });

  it('is 502 at once where GitHub has no say', async () => {
    const never = { afterRefusal: () => assert.fail('GitHub was asked') };
    for (const kind of ['identity', 'none'] as const)
      await assert.rejects((await outgoing(kind, never)(authInfo)).refused(), isRefusal(502, KEPT));
  });
});
