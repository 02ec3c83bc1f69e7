// How each well-known client is connected: every guide leads to this server. The page that shows them is tested in
// pages.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientGuides } from '../../src/web/client-guides.ts';
import { messages } from '../../src/web/locale.ts';

const MCP = 'https://bridge.example/mcp';
const SSE = 'https://bridge.example/sse';

describe('the guide of every client', () => {
  const guides = clientGuides(messages('en'), { name: 'github', url: MCP, sseUrl: SSE });

  it('has a name, and something to copy that leads to this server', () => {
    assert.ok(guides.length >= 8);
    for (const { name, snippets } of guides) {
      assert.notEqual(name, '');
      assert.ok(
        snippets.some(({ code }) => code.includes(MCP)),
        name,
      );
    }
    assert.ok(
      guides.some(({ snippets }) => snippets.some(({ code }) => code === SSE)),
      'and one for the older transport',
    );
  });

  it('leads nowhere but to this server, where the older transport is not served', () => {
    const shown = clientGuides(messages('en'), { name: 'notes', url: MCP }).map(({ steps, install, snippets }) => ({
      steps,
      install,
      snippets,
    }));
    const text = JSON.stringify(shown);
    assert.doesNotMatch(text, /sse/i);
    assert.match(text, /transport http notes https/);
    assert.match(text, /install\?name=notes&/);
  });

  it('has JSON that a client can read, where it shows a file', () => {
    const files = guides.flatMap(({ snippets }) => snippets).filter(({ code }) => code.startsWith('{'));
    assert.ok(files.length >= 3);
    for (const { code } of files) assert.ok(JSON.stringify(JSON.parse(code)).includes(MCP));
  });

  it('says which clients run in the cloud, where nobody’s own machine is', () => {
    const cloud = guides.filter(({ cloud }) => cloud === true).map(({ name }) => name);
    assert.deepEqual(cloud, [messages('en').landing.clients.claude.name, messages('en').landing.clients.chatgpt.name]);
  });
});
