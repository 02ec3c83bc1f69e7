// `list_repositories`: private ones when the token says `repo`, whatever more GitHub granted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { useBridge } from '../../support/bridge.ts';
import { callTool, connect, refreshing, tokenRequest, tokensOf } from '../../support/oauth.ts';

describe('list_repositories', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const schema = z.object({ repositories: z.array(z.object({ full_name: z.string() })) });
  const namesIn = (content: unknown) => schema.parse(content).repositories.map(({ full_name }) => full_name);
  const PUBLIC = ['octocat/Hello-World', 'octocat/Spoon-Knife', 'octocat/linguist'];

  it('lists private repositories with repo, and public ones with public_repo', async () => {
    for (const [scope, expected] of [
      ['repo', [...PUBLIC, 'octo-org/handbook', 'octocat/secret-garden'].sort()],
      ['public_repo', PUBLIC],
    ] as const) {
      const { tokens } = await connect(bridge.url, { parameters: { scope } });
      const { result } = await callTool(bridge.url, tokens.access_token, 'list_repositories');
      assert.deepEqual(namesIn(result?.structuredContent).sort(), expected);
      assert.equal(result?.structuredContent?.next_page, undefined);
    }
  });

  it('shows a token narrower than the session no more than it says', async () => {
    const { client, tokens } = await connect(bridge.url, { parameters: { scope: 'repo' } });
    const narrow = { ...refreshing(client, tokens.refresh_token), scope: 'public_repo' };
    const { access_token } = tokensOf(await tokenRequest(bridge.url, narrow));
    const { result } = await callTool(bridge.url, access_token, 'list_repositories');
    assert.deepEqual(namesIn(result?.structuredContent).sort(), PUBLIC);
  });

  it('lists in the order, and from the page, that the call names', async () => {
    const { tokens } = await connect(bridge.url, { parameters: { scope: 'public_repo' } });
    const list = (args: Record<string, unknown>) =>
      callTool(bridge.url, tokens.access_token, 'list_repositories', args);
    const listed = namesIn((await list({ sort: 'full_name' })).result?.structuredContent);
    assert.deepEqual(
      listed,
      [...PUBLIC].sort((a, b) => a.localeCompare(b)),
    );
    const beyond = (await list({ page: 2 })).result?.structuredContent;
    assert.deepEqual({ names: namesIn(beyond), next: beyond?.next_page }, { names: [], next: undefined });
    bridge.github.clearCalls();
    for (const args of [{ sort: 'stars' }, { page: 0 }]) assert.match((await list(args)).text, /Invalid/);
    assert.deepEqual(bridge.github.calls, [], 'checked before GitHub is asked');
  });

  it('needs public_repo', async () => {
    const { tokens } = await connect(bridge.url);
    assert.equal((await callTool(bridge.url, tokens.access_token, 'list_repositories')).status, 403);
  });
});
