// What is said at start: every address that somebody needs next, and no secret.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { banner, startedLine } from '../src/banner.ts';
import { readConfig } from '../src/config/config.ts';

const ENV = {
  GITHUB_CLIENT_ID: 'Iv1.app',
  GITHUB_CLIENT_SECRET: 'the secret of the app',
  BRIDGE_SECRET: 'a test secret that is long enough and no secret at all',
  PUBLIC_URL: 'https://bridge.example',
  DATA_DIR: '/var/lib/bridge',
};

describe('the banner', () => {
  const text = banner(readConfig(ENV), 'sqlite');

  it('says where clients and people go, and what to enter at GitHub', () => {
    for (const address of [
      'https://bridge.example',
      'https://bridge.example/github/callback',
      'https://bridge.example/mcp',
      'https://bridge.example/sse',
      'https://bridge.example/account',
      'https://github.com',
    ])
      assert.match(text, new RegExp(`^  .*\\s${address}$`, 'm'));
  });

  it('says which MCP servers stand behind the bridge, by their hosts', () => {
    const named = banner(
      readConfig({ ...ENV, MCP_UPSTREAMS: 'github,one=https://one.example/mcp?key=hidden' }),
      'sqlite',
    );
    assert.match(named, /bridge\.example\/mcp$/m);
    assert.match(named, /bridge\.example\/mcp\/github → api\.githubcopilot\.com$/m);
    assert.match(named, /bridge\.example\/mcp\/one → one\.example$/m);
    const inPlace = banner(readConfig({ ...ENV, MCP_UPSTREAMS: 'https://one.example/mcp' }), 'sqlite');
    assert.match(inPlace, /bridge\.example\/mcp → one\.example$/m);
    assert.doesNotMatch(inPlace, /\/sse|HTTP\+SSE/);
  });

  it('says where the data is', () => {
    assert.match(text, /Store\s+SQLite in \/var\/lib\/bridge$/m);
    const redis = banner(readConfig({ ...ENV, REDIS_URL: 'redis://user:password@redis.example' }), 'redis');
    assert.match(redis, /Store\s+Redis$/m);
    assert.equal(redis.includes('password'), false);
  });

  it('has the same facts as a line of the log', () => {
    const facts = Object.values(startedLine(readConfig(ENV), 'sqlite')).flat();
    for (const [, fact = ''] of text.matchAll(/^ {2}\S.*? {2,}(\S+)$/gm))
      assert.ok(fact.endsWith('/') || facts.includes(fact), fact);
    assert.ok(facts.includes('/var/lib/bridge'));
  });

  it('holds no secret', () => {
    for (const secret of [ENV.GITHUB_CLIENT_SECRET, ENV.BRIDGE_SECRET]) assert.equal(text.includes(secret), false);
  });
});
