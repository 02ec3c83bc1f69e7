// use-mcp in Chromium at server-everything: the page's requests to the bridge are of another origin.

import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { type Row, versionOf } from '../client.ts';
import type { Demo } from '../demo.ts';
import { connectUseMcp } from '../use-mcp.ts';
import { type AtEverything, entrySchema, exerciseEverything, find, textsOf } from './exercise.ts';
import { PATH } from './server.ts';

export function pageAtEverything(browser: Browser): Row[] {
  return [
    {
      client: 'use-mcp in Chromium: server-everything',
      version: versionOf('use-mcp'),
      transport: 'Streamable HTTP',
      run: (demo, server) => exerciseEverything(demo, server, connect(demo, browser)),
    },
  ];
}

async function connect(demo: Demo, browser: Browser): Promise<AtEverything> {
  const { page, settled, ...rest } = await connectUseMcp(demo, browser, 'http', PATH);
  await settled();
  /** A member of what the hook gives to the page. */
  const list = async (member: string) =>
    z
      .array(entrySchema)
      .parse(await page.evaluate((name) => Reflect.get(Reflect.get(globalThis, 'mcp'), name), member));
  const call = async (method: string, ...args: unknown[]) =>
    textsOf(
      await page.evaluate(([name, given]) => Reflect.get(Reflect.get(globalThis, 'mcp'), name)(...given), [
        method,
        args,
      ] as const),
    );
  return {
    ...rest,
    call: (tool, input = {}) => call('callTool', tool, input),
    read: async (name) => call('readResource', find(await list('resources'), { name }).uri),
    prompt: async (title, input) => call('getPrompt', find(await list('prompts'), { title }).name, input),
  };
}
