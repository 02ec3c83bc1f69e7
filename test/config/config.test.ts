// Configuration: what is accepted, and what stops the start, with everything that is wrong reported at once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError, readConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { start } from '../programs.ts';

const SECRET = 'x'.repeat(32);
const github = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };

/** The variables complained about. */
function complaints(env: Record<string, string>): string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.complaints.map(({ variable }) => variable);
  }
}

describe('configuration', () => {
  it('needs nothing but the GitHub credentials', () => {
    const config = readConfig(github);
    assert.equal(config.publicUrl, 'http://localhost:8000');
    assert.deepEqual(config.hosts, ['127.0.0.1', '::1']);
    assert.equal(config.port, 8000);
    assert.deepEqual(config.scopes, ['read:user']);
    assert.equal(config.github.apiUrl, 'https://api.github.com');
    assert.equal(config.accessTokenTtl, 3600);
    assert.equal(config.refreshTokenTtl, 30 * 86400);
    assert.equal(config.redisUrl, undefined);
  });

  it('reads every setting of the table', () => {
    const asked = new Set<string | symbol>();
    readConfig(new Proxy(github, { get: (env, name) => asked.add(name) && Reflect.get(env, name) }));
    assert.deepEqual(
      Object.keys(SETTINGS).filter((name) => !asked.has(name)),
      [],
    );
  });

  it('derives the public address from the port', () => {
    assert.equal(readConfig({ ...github, PORT: '8123' }).publicUrl, 'http://localhost:8123');
    assert.equal(readConfig({ ...github, PORT: '80' }).publicUrl, 'http://localhost');
  });

  it('serves metrics only when they have a port, on loopback unless told otherwise', () => {
    assert.equal(readConfig({ ...github, METRICS_HOST: '0.0.0.0' }).metrics, undefined);
    assert.deepEqual(readConfig({ ...github, METRICS_PORT: '9464' }).metrics, {
      hosts: ['127.0.0.1', '::1'],
      port: 9464,
    });
  });

  it('derives the address of the API from GITHUB_URL', () => {
    const addresses = (env: Record<string, string>) => {
      const { url, apiUrl } = readConfig({ ...github, ...env }).github;
      return [url, apiUrl];
    };
    assert.deepEqual(addresses({}), ['https://github.com', 'https://api.github.com']);
    assert.deepEqual(addresses({ GITHUB_URL: 'https://git.example.com/' }), [
      'https://git.example.com',
      'https://git.example.com/api/v3',
    ]);
  });

  it('accepts the names that tutorials use for the client id and secret', () => {
    for (const prefix of ['MCP_GITHUB_', 'MCP_GITHUB_GITHUB_']) {
      const config = readConfig({ [`${prefix}CLIENT_ID`]: 'their-id', [`${prefix}CLIENT_SECRET`]: 'their-secret' });
      assert.equal(config.github.clientId, 'their-id');
      assert.equal(config.github.clientSecret, 'their-secret');
    }
  });

  it('reports all that is wrong at once', () => {
    assert.deepEqual(
      complaints({ PUBLIC_URL: 'http://mcp.example.com/', PORT: 'many', ACCESS_TOKEN_TTL: 'soon', LOG_LEVEL: 'loud' }),
      [
        'GITHUB_CLIENT_ID',
        'GITHUB_CLIENT_SECRET',
        'PUBLIC_URL',
        'PUBLIC_URL',
        'PORT',
        'BRIDGE_SECRET',
        'ACCESS_TOKEN_TTL',
        'LOG_LEVEL',
      ],
    );
  });

  const refused: [string, Record<string, string>, string][] = [
    ['http on a public address', { PUBLIC_URL: 'http://mcp.example.com', BRIDGE_SECRET: SECRET }, 'PUBLIC_URL'],
    ['a public address without a secret', { PUBLIC_URL: 'https://mcp.example.com' }, 'BRIDGE_SECRET'],
    ['the port of the bridge for metrics', { METRICS_PORT: '8000' }, 'METRICS_PORT'],
    ['a short secret', { BRIDGE_SECRET: 'short' }, 'BRIDGE_SECRET'],
    ['a short secret among long ones', { BRIDGE_SECRET: `${SECRET},short` }, 'BRIDGE_SECRET'],
    ['a PUBLIC_URL with a path', { PUBLIC_URL: 'http://localhost:8000/bridge' }, 'PUBLIC_URL'],
    ['a PUBLIC_URL that ends in a slash', { PUBLIC_URL: 'http://localhost:8000/' }, 'PUBLIC_URL'],
    ['a host that only begins like loopback', { PUBLIC_URL: 'http://localhost.evil.example' }, 'PUBLIC_URL'],
    ['a dangerous redirect scheme', { ALLOWED_REDIRECT_SCHEMES: 'cursor,javascript' }, 'ALLOWED_REDIRECT_SCHEMES'],
    ['a resource that is its own', { RESOURCES: 'http://localhost:8000/other' }, 'RESOURCES'],
    ['a resource with a fragment', { RESOURCES: 'https://api.example.com/#x' }, 'RESOURCES'],
    ['a proxy that is no address', { TRUSTED_PROXIES: 'proxy.local' }, 'TRUSTED_PROXIES'],
    ['a user that cannot be', { ALLOWED_GITHUB_USERS: 'octo cat' }, 'ALLOWED_GITHUB_USERS'],
    [
      'a refresh token that expires before its access token',
      { ACCESS_TOKEN_TTL: '2d', REFRESH_TOKEN_TTL: '1d' },
      'REFRESH_TOKEN_TTL',
    ],
    ['an MCP server that is the bridge itself', { MCP_UPSTREAMS: 'http://localhost:8000/mcp' }, 'MCP_UPSTREAMS'],
    ['a file of MCP servers that is not there', { UPSTREAMS_FILE: 'no-such-file.json' }, 'UPSTREAMS_FILE'],
    ['a time zone that nobody has', { TZ: 'Asia/Tokio' }, 'TZ'],
    ['a store that is not Redis', { REDIS_URL: 'postgres://127.0.0.1' }, 'REDIS_URL'],
  ];
  for (const [what, env, variable] of refused) {
    it(`refuses ${what}`, () => assert.ok(complaints({ ...github, ...env }).includes(variable)));
  }

  it('accepts what README.md documents', () => {
    const config = readConfig({
      ...github,
      PUBLIC_URL: 'https://mcp.example.com',
      BRIDGE_SECRET: `${SECRET}, ${'y'.repeat(40)}`,
      ALLOWED_GITHUB_USERS: 'OctoCat, id:42',
      ALLOWED_GITHUB_ORGS: 'octo-org, octo-org/core',
      GITHUB_URL: 'https://github.example.com',
      TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1',
      REFRESH_TOKEN_TTL: '90d',
      TZ: 'Asia/Tokyo',
    });
    assert.equal(config.secrets.length, 2);
    assert.deepEqual(config.allowedUsers, [{ login: 'octocat' }, { id: 42 }]);
    assert.deepEqual(config.allowedOrganizations, [
      { organization: 'octo-org' },
      { organization: 'octo-org', team: 'core' },
    ]);
    assert.equal(config.github.apiUrl, 'https://github.example.com/api/v3');
    assert.equal(config.refreshTokenTtl, 90 * 86400);
    assert.equal(config.timeZone, 'Asia/Tokyo');
  });
});

describe('npm start with a wrong configuration', () => {
  it('ends with exit code 2 and one line a problem', async () => {
    const { code, stderr } = await start('main.ts', { PORT: 'many' }).ended;
    assert.equal(code, 2);
    const lines = stderr
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(':')[0]);
    assert.deepEqual(lines, ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET', 'PORT']);
  });
});
