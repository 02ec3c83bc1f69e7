// The operator puts another server behind a resource, or removes one: it does not get what people allowed for the first, and the
// first keeps no token that works.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { recordingServer } from '../gateway/fixtures.ts';
import { startReplicas } from '../gateway/replicas.ts';
import { connect, refreshing, tokenRequest } from '../support/oauth.ts';

/** A session for a server, and a replica of the bridge with the configuration of after the change. */
async function changed(t: TestContext, change: (other: string) => Record<string, unknown>[]) {
  const [first, other] = [await recordingServer(t), await recordingServer(t)];
  const world = await startReplicas(t, 2, (index) =>
    index === 0 ? [{ name: 'one', url: `${first.url}/mcp` }] : change(other.url),
  );
  const [before, after] = world.replicas;
  assert.ok(before && after);
  world.pin(0);
  const { client, tokens } = await connect(world.url, { parameters: { resource: `${world.url}/mcp/one` } });
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const call = (at: string) => fetch(`${at}/mcp/one`, { method: 'POST', headers, body: '{}' });
  assert.equal((await call(before.url)).status, 200);
  return { world, first, other, before, after, client, tokens, call };
}

const CHANGES: readonly { name: string; change: (other: string) => Record<string, unknown>[] }[] = [
  { name: 'another host', change: (other) => [{ name: 'one', url: `${other}/mcp` }] },
  { name: 'another credential', change: (other) => [{ name: 'one', url: `${other}/mcp`, credential: 'identity' }] },
  { name: 'no server', change: () => [] },
];

describe('a server that the operator changed', () => {
  for (const { name, change } of CHANGES)
    it(`#47 gets no call of a session for the one before: ${name}`, async (t) => {
      const { world, other, after, client, tokens, call } = await changed(t, change);
      const { status } = await call(after.url);
      assert.ok(status === 401 || status === 404, String(status));
      assert.equal(other.received.length, 0);
      const refreshed = await tokenRequest(after.url, refreshing(client, tokens.refresh_token));
      assert.equal(refreshed.body.error, 'invalid_grant');
      assert.equal(world.github.liveTokens().length, 1);
    });

  it('#47 leaves no token that works at the one before', async (t) => {
    const { world, after } = await changed(t, () => []);
    await after.bridge.maintain();
    await after.bridge.revocations.idle();
    assert.deepEqual(world.github.liveTokens(), []);
  });

  it('#47 ends no other session, and none for a server that is the same', async (t) => {
    const { world, before, call } = await changed(t, () => []);
    await before.bridge.maintain();
    await before.bridge.revocations.idle();
    assert.equal((await call(before.url)).status, 200);
    assert.equal(world.github.liveTokens().length, 1);
  });
});
