// MCP Inspector's web interface at server-everything, as a person uses it.

import type { Browser } from 'playwright-core';
import { type Row, versionOf } from '../client.ts';
import { Demo } from '../demo.ts';
import { fill, Screens } from '../inspector-screens.ts';
import { connectInspectorWeb } from '../inspector-web.ts';
import { type AtEverything, exerciseEverything } from './exercise.ts';
import { NAME, PATH } from './server.ts';

/** Seconds: enough for the calls that come first. */
const ACCESS_TOKEN_TTL = 25;
const ERAS = [
  { era: 'legacy', transport: 'Streamable HTTP' },
  { era: 'auto', transport: 'Streamable HTTP, any protocol' },
] as const;

export function inspectorWebAtEverything(browser: Browser): Row[] {
  return ERAS.map(({ era, transport }) => ({
    client: 'MCP Inspector web: server-everything',
    version: versionOf('@modelcontextprotocol/inspector'),
    transport,
    run(demo, server) {
      const run = (its: Demo) => exerciseEverything(its, server, connect(its, browser, era));
      // When a token expires while a tool asks the person, the Inspector calls the tool again, which asks again.
      return era === 'legacy'
        ? run(demo)
        : Demo.during(run, { UPSTREAMS_FILE: server.upstreamsFile(NAME) }, ACCESS_TOKEN_TTL);
    },
  }));
}

async function connect(demo: Demo, browser: Browser, era: 'legacy' | 'auto'): Promise<AtEverything> {
  const { page, ...rest } = await connectInspectorWeb(demo, browser, { transport: 'http', era }, PATH);
  const screens = await Screens.of(page);
  const { main } = screens;
  const calls: AtEverything = {
    ...rest,
    async toolNames() {
      const names = main.getByRole('button').locator('p:nth-of-type(2)');
      await names.first().waitFor();
      return names.allTextContents();
    },
    async call(tool, input = {}) {
      await screens.begin(tool, input);
      return screens.result();
    },
  };
  // The other protocol falls back to this one, and does the rest.
  if (era === 'legacy') return calls;
  return {
    ...calls,
    async read(name) {
      await screens.openResource(name);
      return main.innerText();
    },
    async readByTemplate(name, input) {
      await screens.open('Resources');
      await main.getByText(name, { exact: true }).click();
      await fill(main, input);
      await main.getByRole('button', { name: 'Read Resource' }).press('Enter');
      await main.getByRole('heading', { name: 'Resource', exact: true }).waitFor();
      return main.innerText();
    },
    async prompt(title, input) {
      await screens.openPrompt(title);
      await fill(main, input);
      await main.getByRole('button', { name: 'Get Prompt' }).press('Enter');
      await main.getByText(/Messages/).waitFor();
      return main.innerText();
    },
    async complete(title, argument, begun) {
      await screens.openPrompt(title);
      await main.getByRole('textbox', { name: argument }).pressSequentially(begun);
      const options = page.getByRole('listbox', { name: argument }).getByRole('option');
      await options.first().waitFor();
      // It asked for all of them first, when the field got the focus.
      await options.filter({ hasNotText: begun }).first().waitFor({ state: 'detached' });
      return options.allTextContents();
    },
    async callWithProgress(tool, input, onProgress) {
      await screens.begin(tool, input);
      await page.getByText(/^[123] \/ 4 /).waitFor();
      onProgress();
      return screens.result();
    },
    async callAndCancel(tool, input) {
      await screens.begin(tool, input);
      await page.getByText(/^\d+ \/ 20 /).waitFor();
      await main.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByText('Tool call cancelled').waitFor();
    },
    async callWithSampling(tool, input, reply) {
      await screens.begin(tool, input);
      const asked = page.getByRole('dialog', { name: 'Sampling Request' });
      await asked.getByRole('textbox', { name: 'Response' }).fill(reply);
      await asked.getByRole('button', { name: 'Send Response' }).click();
      return screens.result();
    },
    async callWithElicitation(tool, name) {
      await screens.begin(tool, {});
      const asked = page.getByRole('dialog', { name: 'Elicitation Request' });
      await asked.getByRole('textbox', { name: 'String', exact: true }).fill(name);
      await asked.getByRole('button', { name: 'Submit' }).click();
      return screens.result();
    },
    notifications: {
      async setLevel(level) {
        await screens.open('Logs');
        await main.getByRole('textbox', { name: 'Set Active Level' }).click();
        await page.getByRole('option', { name: level, exact: true }).click();
        await main.getByRole('button', { name: 'Set', exact: true }).click();
      },
      async subscribe(name) {
        await screens.openResource(name);
        const button = main.getByRole('button', { name: 'Subscribe', exact: true });
        await button.click();
        await button.waitFor({ state: 'detached' });
      },
      async logs() {
        await screens.open('Logs');
        return main.getByText(/^Received /).allTextContents();
      },
      async updates() {
        await screens.open('Protocol');
        return main.getByText('notifications/resources/updated').count();
      },
    },
  };
}
