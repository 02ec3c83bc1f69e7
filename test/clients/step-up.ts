// Step-up: a tool needs a scope that the token lacks. The client gets a challenge, asks the person to allow more, and goes on: at
// the built-in tools, and through the bridge at GitHub's MCP server (the stand-in for it).

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { Person } from '../support/person.ts';
import { connectV2, ERAS, UnauthorizedError } from '../support/sdk-clients.ts';
import { mainVersionOf, type Row, versionOf } from './client.ts';
import { Demo } from './demo.ts';
import { textsOf } from './everything/exercise.ts';
import { Screens } from './inspector-screens.ts';
import { connectInspectorWeb } from './inspector-web.ts';
import { connectMcpRemote } from './mcp-remote.ts';

/** A tool that needs more than `read:user`. */
interface Target {
  /** Behind the name of the client. */
  readonly name: string;
  readonly path: string;
  readonly call: { readonly name: string; readonly arguments: Record<string, string> };
  /** The `scope` of the challenge. */
  readonly challenge: string;
  readonly needed: string;
  /** In the text of the result. */
  readonly result: RegExp;
}

const BUILT_IN: Target = {
  name: 'step-up',
  path: '/mcp',
  call: { name: 'list_user_emails', arguments: {} },
  challenge: 'user:email',
  needed: 'user:email',
  result: /octocat@example\.com/,
};
const GITHUB: Target = {
  name: "step-up at GitHub's server",
  path: '/mcp/github',
  call: { name: 'search_repositories', arguments: { query: 'user:@me' } },
  challenge: 'read:user repo',
  needed: 'repo',
  result: /"total_count": ?[1-9]/,
};

export function stepUp(browser: Browser): Row[] {
  return [
    ...[BUILT_IN, GITHUB].flatMap((target) => [...sdkV2(target), mcpRemote(target)]),
    inspectorWeb(browser, GITHUB),
  ];
}

function sdkV2(target: Target): Row[] {
  return ERAS.map(({ name, mode }) => ({
    client: `SDK v2, protocol ${name}: ${target.name}`,
    version: mainVersionOf('@modelcontextprotocol/client'),
    transport: 'Streamable HTTP',
    async run(demo: Demo) {
      const person = new Person('octocat');
      const { path } = target;
      const { client, challenges, finish } = await connectV2(demo.url, 'Streamable HTTP', mode, person, { path });
      await assert.rejects(client.callTool(target.call), UnauthorizedError);
      const challenge = challenges.at(-1) ?? '';
      assert.match(challenge, /^403 Bearer error="insufficient_scope"/);
      assert.ok(challenge.includes(` scope="${target.challenge}"`), challenge);
      assert.ok(challenge.includes(`${demo.url}/.well-known/oauth-protected-resource${path}"`), challenge);
      assertUnion(target, person.lastAsked);
      await finish();
      assert.match(textsOf(await client.callTool(target.call)), target.result);
      assert.equal(person.asked.length, 2);
      await client.close();
      return seen(target);
    },
  }));
}

function mcpRemote(target: Target): Row {
  return {
    client: `mcp-remote: ${target.name}`,
    version: versionOf('mcp-remote'),
    transport: 'Streamable HTTP',
    async run(demo) {
      const { client, onlooker, close } = await connectMcpRemote(demo, { path: target.path });
      assert.match(textsOf(await client.callTool(target.call)), target.result);
      assert.equal(onlooker.asked.length, 2);
      assertUnion(target, onlooker.asked[1]);
      await close();
      return seen(target);
    },
  };
}

function inspectorWeb(browser: Browser, target: Target): Row {
  return {
    client: `MCP Inspector web: ${target.name}`,
    version: versionOf('@modelcontextprotocol/inspector'),
    transport: 'Streamable HTTP',
    // When the token expires before the call, the Inspector shows the challenge after the refresh as an error.
    run: () =>
      Demo.during(
        async (demo) => {
          const connected = await connectInspectorWeb(demo, browser, { transport: 'http', era: 'legacy' }, target.path);
          const { page, asked, logIn, close } = connected;
          const begin = async () => {
            const screens = await Screens.of(page);
            await screens.begin(target.call.name, target.call.arguments);
            return screens;
          };
          await begin();
          const dialog = page.getByRole('dialog', { name: 'Additional permissions required' });
          await dialog.getByText(target.needed, { exact: true }).waitFor();
          await dialog.getByRole('button', { name: 'Authorize' }).click();
          await logIn();
          assertUnion(target, asked.at(-1));
          // The page is a new one, which lists the tools again.
          assert.match(await (await begin()).result(), target.result);
          assert.equal(connected.logins(), 2);
          await close();
          return seen(target);
        },
        {},
        60,
      ),
  };
}

function seen({ needed }: Target): string {
  return `is challenged for ${needed}, asks for read:user too, and succeeds`;
}

function assertUnion({ needed }: Target, asked: URLSearchParams | undefined): void {
  const scope = asked?.get('scope')?.split(' ') ?? [];
  for (const one of ['read:user', needed]) assert.ok(scope.includes(one), `${one} in ${scope}`);
}
