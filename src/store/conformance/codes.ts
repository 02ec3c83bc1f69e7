/** The authorization codes of `sessions`: redemption, mismatch and replay. */
import assert from 'node:assert/strict';
import { credential, grant, HOUR, liveSession, newSession, presentation } from './fixtures.ts';
import { count, type DefineTest, race, sealedTokensOf } from './stores.ts';

export function describeCodes(test: DefineTest): void {
  test('a redemption returns the whole session', async ({ store, second, time }) => {
    await store.sessions.begin(newSession('p', 'g'));
    assert.equal(await store.sessions.read({ person: 'p', grant: 'g' }), undefined, 'not before it is redeemed');
    const redemption = await second.sessions.redeem({ person: 'p', grant: 'g' }, presentation('g'), HOUR, 'hash-of-r1');
    assert.ok(redemption.outcome === 'redeemed');
    const { generation, ...stored } = redemption.session.credential;
    assert.ok(Number.isSafeInteger(generation) && generation > 0);
    assert.deepEqual(stored, { ...credential, person: 'p', id: 'cred-1' });
    assert.deepEqual(redemption.session.grant, {
      ...grant,
      ref: { person: 'p', grant: 'g' },
      generation: 1,
      createdAt: time(),
      lastUsedAt: time(),
      expiresAt: time() + HOUR,
    });
    assert.deepEqual(await store.sessions.read({ person: 'p', grant: 'g' }), redemption.session);
  });

  test('optional members that are absent stay absent', async ({ store }) => {
    const { nonce: _nonce, refusedScope: _refused, ...bare } = grant;
    const { accessExpiresAt: _access, refreshExpiresAt: _refresh, ...lasting } = credential;
    const account = { id: 1, login: 'x' };
    const over = { grant: { ...bare, redirectUriSent: false }, credential: { ...lasting, account, scope: [] } };
    await store.sessions.begin(newSession('p', 'g', over));
    const redemption = await store.sessions.redeem({ person: 'p', grant: 'g' }, presentation('g'), HOUR);
    assert.ok(redemption.outcome === 'redeemed');
    const { session } = redemption;
    assert.equal(session.grant.generation, 0, 'no refresh token was given');
    assert.ok(!('nonce' in session.grant) && !('refusedScope' in session.grant));
    assert.ok(!('accessExpiresAt' in session.credential) && !('refreshExpiresAt' in session.credential));
    assert.deepEqual(session.credential.account, account);
    assert.deepEqual(session.credential.scope, []);
  });

  test('a mismatch in any member changes nothing, before and after the redemption', async ({ store }) => {
    const ref = { person: 'p', grant: 'g' };
    await store.sessions.begin(newSession('p', 'g'));
    const { redirectUri: _, ...withoutRedirect } = presentation('g');
    const tries = [
      [presentation('g', { codeHash: 'guess' }), { outcome: 'unknown' }],
      [presentation('g', { clientId: 'other', redirectUri: 'x' }), { outcome: 'mismatch', of: 'client' }],
      [presentation('g', { redirectUri: 'https://b.example/cb' }), { outcome: 'mismatch', of: 'redirect_uri' }],
      [withoutRedirect, { outcome: 'mismatch', of: 'redirect_uri' }],
      [presentation('g', { codeChallenge: 'other' }), { outcome: 'mismatch', of: 'code_verifier' }],
      [presentation('g', { resource: 'https://other.example/' }), { outcome: 'mismatch', of: 'resource' }],
    ] as const;
    for (const [presented, expected] of tries) {
      assert.deepEqual(await store.sessions.redeem(ref, presented, HOUR, 'h'), expected);
    }
    assert.deepEqual(await store.sessions.redeem({ person: 'q', grant: 'g' }, presentation('g'), HOUR), {
      outcome: 'unknown',
    });
    const { resource: _resource, ...withoutResource } = presentation('g');
    assert.equal((await store.sessions.redeem(ref, withoutResource, HOUR, 'h')).outcome, 'redeemed');
    for (const [presented, expected] of tries) {
      assert.deepEqual(await store.sessions.redeem(ref, presented, HOUR, 'h'), expected);
    }
    assert.ok(await store.sessions.read(ref), 'a redeemed code with a mismatch must not end the session');
  });

  test('a redirect URI that was not sent may be left out of the token request, but must match if present', async ({
    store,
  }) => {
    const over = { grant: { ...grant, redirectUriSent: false } };
    await store.sessions.begin(newSession('p', 'g', over));
    const ref = { person: 'p', grant: 'g' };
    const wrong = presentation('g', { redirectUri: 'https://b.example/' });
    assert.deepEqual(await store.sessions.redeem(ref, wrong, HOUR), { outcome: 'mismatch', of: 'redirect_uri' });
    const { redirectUri: _, ...without } = presentation('g');
    assert.equal((await store.sessions.redeem(ref, without, HOUR)).outcome, 'redeemed');
  });

  test('a replay ends the grant, however late, and its tokens become pending revocations', async ({
    store,
    advance,
  }) => {
    await liveSession(store, 'p', 'g');
    advance(HOUR - 1);
    const ref = { person: 'p', grant: 'g' };
    assert.deepEqual(await store.sessions.redeem(ref, presentation('g'), HOUR, 'h'), {
      outcome: 'replayed',
      ended: { ref, clientId: 'client-1' },
    });
    assert.equal(await store.sessions.read(ref), undefined);
    assert.deepEqual(sealedTokensOf(await store.revocations.pending('p')), ['sealed-tokens-1']);
    assert.deepEqual(await store.sessions.redeem(ref, presentation('g'), HOUR, 'h'), { outcome: 'unknown' });
  });

  test('an expired code is unknown', async ({ store, advance }) => {
    await store.sessions.begin(newSession('p', 'g'));
    advance(60);
    const ref = { person: 'p', grant: 'g' };
    assert.deepEqual(await store.sessions.redeem(ref, presentation('g'), HOUR, 'h'), { outcome: 'unknown' });
    assert.equal(await store.sessions.end(ref), undefined);
  });

  test('of fifty simultaneous redemptions one succeeds, and the next one ends the grant', async (stores) => {
    await stores.store.sessions.begin(newSession('p', 'g'));
    const ref = { person: 'p', grant: 'g' };
    const outcomes = await race(50, stores, async (store, index) => {
      return (await store.sessions.redeem(ref, presentation('g'), HOUR, `hash-${index}`)).outcome;
    });
    assert.equal(
      count(outcomes, (one) => one === 'redeemed'),
      1,
    );
    assert.equal(
      count(outcomes, (one) => one === 'replayed'),
      1,
    );
    assert.equal(await stores.store.sessions.read(ref), undefined);
    assert.equal((await stores.store.revocations.pending('p')).length, 1);
  });
}
