// GitHub's MCP server (the stand-in for it) behind the bridge, used plainly.

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { assertRefresh, type Row, versionOf } from './client.ts';
import { Screens } from './inspector-screens.ts';
import { connectInspectorWeb } from './inspector-web.ts';

export function githubServer(browser: Browser): Row[] {
  return [
    {
      client: "MCP Inspector web: GitHub's server",
      version: versionOf('@modelcontextprotocol/inspector'),
      transport: 'Streamable HTTP, protocol 2026-07-28',
      async run(demo) {
        const kind = { transport: 'http', era: 'modern' } as const;
        const connected = await connectInspectorWeb(demo, browser, kind, '/mcp/github');
        assert.ok((await connected.toolNames()).includes('get_me'));
        const screens = await Screens.of(connected.page);
        const getMe = async () => {
          await screens.begin('get_me', {});
          assert.match(await screens.result(), /"login": *"octocat"/);
        };
        await getMe();
        await assertRefresh(demo, connected, getMe);
        await connected.close();
        return 'logs in, lists tools, calls get_me, refreshes';
      },
    },
  ];
}
