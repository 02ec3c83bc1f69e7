// The whole of it, as clients meet it: those of both SDKs log in, each through its own OAuth flow, and call tools. The
// person and the browser are all that is played.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UnauthorizedError } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { tools } from '../../src/mcp/tools/index.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { Person } from '../support/person.ts';
import { connectV1, connectV2, ERAS, loginOf } from '../support/sdk-clients.ts';

const MORE_THAN_THE_TOKEN_LIVES = 3601; // seconds
const EVERYBODYS_TOOLS = tools
  .filter((tool) => !tool.administratorsOnly)
  .map(({ name }) => name)
  .sort();

onBothStores('clients of the SDKs', (store) => {
  const bridge = useBridge({ store });

  for (const transport of ['Streamable HTTP', 'SSE'] as const) {
    it(`SDK v1 logs in over ${transport} as its example client does, and goes on by refresh`, async () => {
      const person = new Person('monalisa');
      const { client, provider } = await connectV1(bridge.url, transport, person);
      await using _ = { [Symbol.asyncDispose]: () => client.close() };
      assert.equal(person.lastAsked.get('state'), null);
      const registered = provider.clientInformation();
      assert.ok(registered && 'client_secret' in registered && registered.client_secret);

      assert.deepEqual((await client.listTools()).tools.map(({ name }) => name).sort(), EVERYBODYS_TOOLS);
      assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'monalisa');

      const first = provider.tokens();
      bridge.advance(MORE_THAN_THE_TOKEN_LIVES);
      assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'monalisa');
      assert.notEqual(provider.tokens()?.access_token, first?.access_token);
      assert.notEqual(provider.tokens()?.refresh_token, first?.refresh_token);
      assert.equal(person.asked.length, 1);
    });
  }

  for (const { name, mode, version } of ERAS) {
    it(`SDK v2 logs in, protocol ${name}, and goes on by refresh`, async () => {
      const person = new Person('hubot');
      const { client, provider } = await connectV2(bridge.url, 'Streamable HTTP', mode, person);
      await using _ = { [Symbol.asyncDispose]: () => client.close() };
      assert.equal(client.getNegotiatedProtocolVersion(), version);
      assert.equal(person.lastAsked.get('resource'), `${bridge.url}/mcp`);

      assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name).sort(), EVERYBODYS_TOOLS);
      assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'hubot');

      const first = provider.tokens();
      bridge.advance(MORE_THAN_THE_TOKEN_LIVES);
      assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'hubot');
      assert.notEqual(provider.tokens()?.access_token, first?.access_token);
      assert.notEqual(provider.tokens()?.refresh_token, first?.refresh_token);
      assert.equal(person.asked.length, 1);
    });

    it(`SDK v2 steps up when a tool needs more, protocol ${name}`, async () => {
      const person = new Person('octocat');
      const { client, provider, challenges, finish } = await connectV2(bridge.url, 'Streamable HTTP', mode, person);
      await using _ = { [Symbol.asyncDispose]: () => client.close() };
      assert.equal(provider.tokens()?.scope, 'read:user');

      await assert.rejects(client.callTool({ name: 'list_user_emails' }), UnauthorizedError);
      assert.match(challenges.at(-1) ?? '', /^403 Bearer error="insufficient_scope".* scope="user:email"/);
      assert.equal(person.asked.length, 2);
      assert.deepEqual(person.lastAsked.get('scope')?.split(' ').sort(), ['read:user', 'user:email']);
      await finish();

      const { structuredContent } = await client.callTool({ name: 'list_user_emails' });
      const { emails } = emailsSchema.parse(structuredContent);
      assert.deepEqual(
        emails.map(({ email }) => email),
        bridge.github.account('octocat').emails?.map(({ email }) => email),
      );
      assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'octocat');
      assert.equal(person.asked.length, 2);
    });

    it(`SDK v2 asks again for a scope that the person left out, protocol ${name}`, async () => {
      const person = new Person('octocat');
      const { client, provider, finish } = await connectV2(bridge.url, 'Streamable HTTP', mode, person);
      await using _ = { [Symbol.asyncDispose]: () => client.close() };
      person.untick = ['user:email'];
      await assert.rejects(client.callTool({ name: 'list_user_emails' }), UnauthorizedError);
      await finish();
      assert.equal(provider.tokens()?.scope, 'read:user', 'the token response says what was given');

      person.untick = [];
      await assert.rejects(client.callTool({ name: 'list_user_emails' }), UnauthorizedError);
      await finish();
      assert.deepEqual(provider.tokens()?.scope?.split(' ').sort(), ['read:user', 'user:email']);
      assert.equal((await client.callTool({ name: 'list_user_emails' })).isError ?? false, false);
    });
  }

  it('SDK v2 logs in over SSE, and goes on by refresh', async () => {
    const person = new Person('hubot');
    const { client, provider } = await connectV2(bridge.url, 'SSE', 'legacy', person);
    await using _ = { [Symbol.asyncDispose]: () => client.close() };
    assert.equal(person.lastAsked.get('resource'), `${bridge.url}/sse`);
    const first = provider.tokens();
    bridge.advance(MORE_THAN_THE_TOKEN_LIVES);
    assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'hubot');
    assert.notEqual(provider.tokens()?.access_token, first?.access_token);
    assert.equal(person.asked.length, 1);
  });

  for (const { name, mode } of ERAS) {
    it(`SDK v2 sends the person to log in again when the session was revoked, protocol ${name}`, async () => {
      const person = new Person('monalisa');
      const { client, provider, finish } = await connectV2(bridge.url, 'Streamable HTTP', mode, person);
      await using _ = { [Symbol.asyncDispose]: () => client.close() };
      const { client_id = '' } = provider.clientInformation() ?? {};
      const body = new URLSearchParams({ token: provider.tokens()?.refresh_token ?? '', client_id });
      assert.equal((await fetch(`${bridge.url}/revoke`, { method: 'POST', body })).status, 200);

      await assert.rejects(client.callTool({ name: 'get_user_profile' }), UnauthorizedError);
      assert.equal(person.asked.length, 2);
      await finish();
      assert.equal(loginOf(await client.callTool({ name: 'get_user_profile' })), 'monalisa');
    });
  }
});

const emailsSchema = z.object({ emails: z.array(z.object({ email: z.string() })) });
