// The server lost the registration of a client, and everything else: the demo restarts with an empty store. Each kind of client
// recovers in its own way.

import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { createAgent } from '../support/agent.ts';
import { authorizationUrl, pkce, register } from '../support/oauth.ts';
import { Person } from '../support/person.ts';
import { connectV2, UnauthorizedError } from '../support/sdk-clients.ts';
import { until } from '../support/until.ts';
import { mainVersionOf, profileLoginOf, type Row, versionOf } from './client.ts';
import { Demo } from './demo.ts';
import { connectInspectorCli } from './inspector-cli.ts';
import { connectInspectorWeb } from './inspector-web.ts';
import { connectMcpRemote, mcpRemoteArguments, openDesk } from './mcp-remote.ts';
import { connectOpenmcp } from './openmcp.ts';
import { end, programOf, start } from './programs.ts';
import { connectUseMcp } from './use-mcp.ts';

/** A row with a demo of its own, because the demo loses its store. */
function row(client: string, version: string, run: (demo: Demo) => Promise<string>): Row {
  return {
    client: `${client}: registration lost`,
    version,
    transport: 'Streamable HTTP',
    run: () => Demo.during(run),
  };
}

export function lostRegistrationInChromium(browser: Browser): Row[] {
  return [
    row('MCP Inspector web', versionOf('@modelcontextprotocol/inspector'), async (demo) => {
      const connected = await connectInspectorWeb(demo, browser, { transport: 'http', era: 'legacy' });
      assert.equal(await connected.profileLogin(), 'octocat');
      const before = connected.clientId();
      await demo.restart({ lose: true });
      await connected.connect();
      assert.equal(await connected.profileLogin(), 'octocat');
      assert.notEqual(connected.clientId(), before);
      await connected.close();
      return 'connected again, it registers and logs in';
    }),
    row('use-mcp in Chromium', versionOf('use-mcp'), async (demo) => {
      const connected = await connectUseMcp(demo, browser, 'http');
      assert.equal(await connected.profileLogin(), 'octocat');
      const before = connected.clientId();
      await demo.restart({ lose: true });
      const { page } = connected;
      await page.reload();
      await page.getByText('failed', { exact: true }).waitFor();
      assert.match(await page.locator('#error').innerText(), /register again if this server has forgotten you/);
      await page.getByRole('button', { name: 'Forget everything' }).click();
      await page.reload();
      assert.equal(await connected.profileLogin(), 'octocat');
      assert.notEqual(connected.clientId(), before);
      await connected.close();
      return 'says that the server has forgotten it; with its storage cleared, it registers and logs in';
    }),
  ];
}

export const lostRegistration: Row[] = [
  row('SDK v2', mainVersionOf('@modelcontextprotocol/client'), async (demo) => {
    const person = new Person('octocat');
    const { client, finish } = await connectV2(demo.url, 'Streamable HTTP', 'auto', person);
    const before = person.lastAsked.get('client_id');
    await demo.restart({ lose: true });
    await assert.rejects(client.callTool({ name: 'get_user_profile' }), UnauthorizedError);
    await finish();
    assert.equal(profileLoginOf(await client.callTool({ name: 'get_user_profile' })), 'octocat');
    assert.notEqual(person.lastAsked.get('client_id'), before);
    await client.close();
    return 'registers again by itself, and logs in';
  }),

  row('MCP Inspector CLI', versionOf('@modelcontextprotocol/inspector'), async (demo) => {
    const connected = await connectInspectorCli(demo);
    assert.equal(await connected.profileLogin(), 'octocat');
    const before = connected.clientId();
    await demo.restart({ lose: true });
    assert.equal(await connected.profileLogin(), 'octocat');
    assert.notEqual(connected.clientId(), before);
    await connected.close();
    return 'registers again by itself, and logs in';
  }),

  row('mcp-remote', versionOf('mcp-remote'), async (demo) => {
    const connected = await connectMcpRemote(demo);
    assert.equal(await connected.profileLogin(), 'octocat');
    const before = connected.clientId();
    await demo.restart({ lose: true });
    assert.equal(await connected.profileLogin(), 'octocat');
    assert.notEqual(connected.clientId(), before);
    await connected.close();
    return 'registers again by itself, and logs in';
  }),

  row('mcp-remote, no tokens left', versionOf('mcp-remote'), async (demo) => {
    const desk = await openDesk();
    const { home, port, onlooker } = desk;
    const first = await connectMcpRemote(demo, { desk });
    const before = first.clientId();
    await first.close();
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('tokens.json'))) rmSync(join(home, file));
    const { length } = demo.registered;
    await demo.restart({ lose: true });
    // Before it opens a browser, it asks /authorize whether it is known, and registers again. Then it waits for ever,
    // because it believes that the sign-in which it gave up is still under way. The next start uses the new registration.
    const env = onlooker.environment(home, { MCP_REMOTE_CONFIG_DIR: home });
    const waiting = start(programOf('mcp-remote'), mcpRemoteArguments(demo, port, 'http-only'), env);
    await until(() => demo.registered.length > length, { what: 'another registration of mcp-remote' });
    await end(waiting);
    const second = await connectMcpRemote(demo, { desk });
    assert.equal(await second.profileLogin(), 'octocat');
    assert.notEqual(second.clientId(), before);
    await second.close();
    await desk.clear();
    return 'registers again by itself but waits in vain; started again, it logs in';
  }),

  row('openmcp-client 0.1.7', versionOf('@modelcontextprotocol/sdk'), async (demo) => {
    const first = await connectOpenmcp(demo, 'Streamable HTTP');
    await demo.restart({ lose: true });
    await assert.rejects(first.profileLogin());
    await first.close();
    const second = await connectOpenmcp(demo, 'Streamable HTTP');
    assert.equal(await second.profileLogin(), 'octocat');
    await second.close();
    return 'fails; connected again, it registers and logs in';
  }),

  row('a client that keeps its id for ever', '', async (demo) => {
    const client = await register(demo.url, { redirect_uris: ['http://127.0.0.1:33418/'] });
    await demo.restart({ lose: true });
    const page = await createAgent().get(authorizationUrl(demo.url, client, pkce().challenge));
    assert.equal(page.status, 400);
    assert.match(page.text, /remove/i);
    return 'shows the person how to remove and add the server';
  }),
];
