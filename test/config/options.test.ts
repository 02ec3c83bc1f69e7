// The options of githubBridge(): every setting by another name, the same checks, and one error that names them all.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { type BridgeSettings, readOptions } from '../../src/config/options.ts';

const SECRET = 'x'.repeat(32);
const github: BridgeSettings = { clientId: 'id', clientSecret: 'secret' };

/** What is complained about: `name: problem. remedy`. */
function complaints(settings: object, env?: Environment): string[] {
  try {
    readOptions(settings, env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.message, error.complaints.map((c) => `${c.variable}: ${c.problem}. ${c.remedy}`).join('\n'));
    return error.message.split('\n');
  }
}

describe('the options', () => {
  it('say what the environment would say', () => {
    const config = readOptions({
      ...github,
      publicUrl: 'https://mcp.example.com',
      port: 8123,
      bridgeSecret: [SECRET, SECRET.toUpperCase()],
      scopes: ['read:user', 'repo'],
      allowedGithubUsers: 'octocat,id:1',
      adminGithubUsers: ['octocat'],
      accessTokenTtl: '15m',
      clientMetadataDocuments: false,
      githubUrl: 'https://github.example.com',
      registrationsPerHour: 5,
      timeZone: 'Asia/Tokyo',
      mcpUpstreams: ['github=https://mcp.example.net/'],
      logLevel: undefined,
    });
    assert.equal(config.github.clientSecret, 'secret');
    assert.equal(config.publicUrl, 'https://mcp.example.com');
    assert.equal(config.port, 8123);
    assert.deepEqual(config.secrets, [SECRET, SECRET.toUpperCase()]);
    assert.deepEqual(config.scopes, ['read:user', 'repo']);
    assert.deepEqual(config.allowedUsers, [{ login: 'octocat' }, { id: 1 }]);
    assert.deepEqual(config.adminUsers, [{ login: 'octocat' }]);
    assert.equal(config.accessTokenTtl, 900);
    assert.equal(config.clientMetadataDocuments, false);
    assert.equal(config.github.apiUrl, 'https://github.example.com/api/v3');
    assert.equal(config.registrationsPerHour, 5);
    assert.equal(config.timeZone, 'Asia/Tokyo');
    assert.equal(config.upstreams[0]?.name, 'github');
    assert.equal(config.logLevel, 'info');
  });

  it('are all that is read, unless an environment is given', () => {
    process.env.SCOPES = 'repo';
    try {
      assert.deepEqual(readOptions(github).scopes, ['read:user']);
      assert.deepEqual(readOptions(github, process.env).scopes, ['repo']);
    } finally {
      delete process.env.SCOPES;
    }
  });

  it('count before the environment, under whatever name and in whatever file that has the same', () => {
    const env = { MCP_GITHUB_CLIENT_SECRET: 'theirs', GITHUB_CLIENT_SECRET_FILE: 'missing', SCOPES: 'repo', PORT: '1' };
    const config = readOptions({ ...github, scopes: 'gist' }, env);
    assert.equal(config.github.clientSecret, 'secret');
    assert.deepEqual(config.scopes, ['gist']);
    assert.equal(config.port, 1);
  });

  it('that are wrong are named together, each as its caller knows it', () => {
    const wrong = {
      clientSecret: '',
      publicUrl: 'https://mcp.example.com',
      accessTokenTtl: '3600',
      githubUrl: 'ftp://x',
    };
    const [clientId, clientSecret, ...others] = complaints(wrong);
    assert.match(clientId ?? '', /^clientId: missing\. Create an OAuth App/);
    assert.match(clientSecret ?? '', /^clientSecret: missing\. Create an OAuth App/);
    assert.deepEqual(others, [
      'bridgeSecret: missing on a public address. Generate one, for example with: openssl rand -base64 48',
      'githubUrl: "ftp://x" is not an address of GitHub. Write for example https://github.example.com.',
      'accessTokenTtl: "3600" is not a duration. Write for example 90s, 15m, 1h or 30d.',
    ]);
    assert.deepEqual(complaints({ ...github, accessTokenTtl: '2h', refreshTokenTtl: '1h' }), [
      'refreshTokenTtl: shorter than accessTokenTtl. Make it at least as long.',
    ]);
    assert.deepEqual(complaints({ ...github, accessTokenTtl: '2h' }, { REFRESH_TOKEN_TTL: '1h' }), [
      'REFRESH_TOKEN_TTL: shorter than accessTokenTtl. Make it at least as long.',
    ]);
  });

  it('that are misspelled, of another type, or empty where the default would let more in, are refused', () => {
    const wrong = { allowedGithubUser: 'octocat', publicURL: 'x', githubClientId: 'x', clientSercet: 'x', nonsense: 1 };
    assert.deepEqual(complaints({ ...github, ...wrong }), [
      'allowedGithubUser: not an option. Did you mean allowedGithubUsers?',
      'publicURL: not an option. Did you mean publicUrl?',
      'githubClientId: not an option. Did you mean clientId?',
      'clientSercet: not an option. Did you mean clientSecret?',
      'nonsense: not an option. The type BridgeSettings has all options.',
    ]);
    assert.deepEqual(complaints({ ...github, scopes: [1], publicUrl: new URL('https://mcp.example.com') }), [
      'publicUrl: of the wrong type. The type BridgeSettings says which it takes.',
      'scopes: of the wrong type. The type BridgeSettings says which it takes.',
    ]);
    for (const nobody of ['', [], [''], ' ', ','])
      assert.equal(complaints({ ...github, allowedGithubUsers: nobody }).length, 1, JSON.stringify(nobody));
    assert.deepEqual(complaints({ ...github, allowedGithubUsers: ['octocat,hubot'] }), [
      'allowedGithubUsers: an item with a comma. Give each item alone.',
    ]);
  });

  it('never repeat a secret', () => {
    const lines = complaints({
      ...github,
      bridgeSecret: ['short-and-secret'],
      redisUrl: 'http://secret@x',
      clientSecret: ['a,secret'],
    });
    assert.equal(lines.length, 3);
    assert.doesNotMatch(
      lines.join('\n').replaceAll(/(?:client|bridge)Secret|a secret in it|commas separate secrets/g, ''),
      /secret/,
    );
  });
});
