// `list_organizations`: the memberships that `read:org` shows, private ones too, a page at a time.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { useBridge } from '../../support/bridge.ts';
import { callTool, connect } from '../../support/oauth.ts';

describe('list_organizations', () => {
  const bridge = useBridge({ store: 'sqlite' });
  const call = async (login: string, args: Record<string, unknown> = {}, scope = 'read:org') => {
    const { tokens } = await connect(bridge.url, { login, parameters: { scope } });
    return callTool(bridge.url, tokens.access_token, 'list_organizations', args);
  };
  const schema = z.object({ organizations: z.array(z.object({ login: z.string() })) });
  const namesIn = (content: unknown) => schema.parse(content).organizations.map(({ login }) => login);

  it('lists memberships, private ones included, and no pending ones', async () => {
    const { result } = await call('monalisa');
    assert.deepEqual(namesIn(result?.structuredContent).sort(), ['hidden-lab', 'octo-org']);
    assert.equal(result?.structuredContent?.next_page, undefined);
    assert.deepEqual(namesIn((await call('hubot')).result?.structuredContent), []);
  });

  it('lists a hundred to a page, and names the next page', async () => {
    const login = 'joiner';
    bridge.github.addAccount({ id: 9_200_000, login, name: null, email: 'joiner@example.com' });
    for (let index = 0; index < 101; index++)
      bridge.github.addToOrganization(login, { login: `org-${index}`, id: 9_300_000 + index });
    const first = (await call(login)).result?.structuredContent;
    assert.equal(namesIn(first).length, 100);
    assert.equal(first?.next_page, 2);
    const second = (await call(login, { page: 2 })).result?.structuredContent;
    assert.equal(namesIn(second).length, 1);
    assert.equal(second?.next_page, undefined);
  });

  it('needs read:org', async () => {
    const refused = await call('octocat', {}, 'read:user');
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get('www-authenticate') ?? '', /scope="read:org"/);
  });
});
