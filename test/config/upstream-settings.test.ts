// MCP_UPSTREAMS and UPSTREAMS_FILE: the MCP servers behind the bridge, and what stops the start. The fields of an entry are in
// upstream-entry.test.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { ConfigurationError, readConfig } from '../../src/config/config.ts';
import type { McpUpstream } from '../../src/config/upstreams.ts';

const app = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };
const folder = mkdtempSync(join(tmpdir(), 'bridge-upstreams-'));
after(() => rmSync(folder, { recursive: true }));

/** A file with this text, or this value as JSON. @returns its path */
function file(content: unknown, name = 'upstreams.json'): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function upstreams(env: Record<string, string>): readonly McpUpstream[] {
  return readConfig({ ...app, ...env }).upstreams;
}

/** What is reported, one line each. */
function reported(env: Record<string, string>): string[] {
  try {
    upstreams(env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.message.split('\n');
  }
}

const DEFAULTS = { credential: 'github', scopes: ['read:user'], headers: {}, denyTools: [], firstByteTimeout: 300 };
const GITHUB = { name: 'github', url: 'https://api.githubcopilot.com/mcp/', title: 'GitHub', ...DEFAULTS };
const ENTERPRISE = { GITHUB_URL: 'https://git.example.com' };

describe('MCP servers behind the bridge', () => {
  it('are none by default', () => {
    assert.deepEqual(upstreams({}), []);
    assert.deepEqual(upstreams({ MCP_UPSTREAMS: ' , ', UPSTREAMS_FILE: file([]) }), []);
  });

  it('are named by the word github, by name=url, or by a url', () => {
    assert.deepEqual(upstreams({ MCP_UPSTREAMS: 'github' }), [GITHUB]);
    assert.deepEqual(
      upstreams({ MCP_UPSTREAMS: 'github, deploy=http://deploy:8080/mcp?a=b=c ,https://x.example:8443/?a=b' }),
      [
        GITHUB,
        { name: 'deploy', url: 'http://deploy:8080/mcp?a=b=c', title: 'deploy', ...DEFAULTS },
        { url: 'https://x.example:8443/?a=b', title: 'x.example:8443', ...DEFAULTS },
      ],
    );
  });

  it('are named by the list in a file, together with those of the variable', () => {
    const UPSTREAMS_FILE = file([{ name: 'gh', url: GITHUB.url, title: 'GitHub' }, { url: 'http://10.0.0.1/' }]);
    assert.deepEqual(upstreams({ MCP_UPSTREAMS: 'github', UPSTREAMS_FILE }), [
      GITHUB,
      { ...GITHUB, name: 'gh' },
      { url: 'http://10.0.0.1/', title: '10.0.0.1', ...DEFAULTS },
    ]);
  });

  it('are asked for the scopes of SCOPES, unless they have their own', () => {
    const UPSTREAMS_FILE = file([{ name: 'own', url: 'https://x.example', scopes: ['repo'] }]);
    const found = upstreams({ MCP_UPSTREAMS: 'github', UPSTREAMS_FILE, SCOPES: 'gist,read:org' });
    assert.deepEqual(
      found.map(({ scopes }) => scopes),
      [['gist', 'read:org'], ['repo']],
    );
  });

  it('stand beside everything else that the operator wrote', () => {
    const env = {
      MCP_UPSTREAMS: 'https://x.example/mcp',
      RESOURCES: 'https://y.example/mcp',
      CLIENTS_FILE: 'clients.json',
    };
    const { clientsFile, resources } = readConfig({ ...app, ...env });
    assert.deepEqual({ clientsFile, resources }, { clientsFile: 'clients.json', resources: ['https://y.example/mcp'] });
  });

  it("may be GitHub's own beside another GitHub, when it gets no token of that", () => {
    const UPSTREAMS_FILE = file([{ url: GITHUB.url, credential: 'none', headers: { Authorization: 'Bearer x' } }]);
    assert.equal(upstreams({ ...ENTERPRISE, UPSTREAMS_FILE }).length, 1);
    assert.equal(upstreams({ ...ENTERPRISE, MCP_UPSTREAMS: 'github=http://github-mcp:8082/' }).length, 1);
  });

  const REFUSED: readonly (readonly [string, Record<string, string>, RegExp])[] = [
    [
      'a word that is no item',
      { MCP_UPSTREAMS: 'github,GitHub' },
      /^MCP_UPSTREAMS: item 2 is neither github nor name=url nor a url\. Write for example github,deploy=/,
    ],
    ['a name without a url', { MCP_UPSTREAMS: 'github=' }, /item 1 is neither/],
    ['a host without its scheme', { MCP_UPSTREAMS: 'x=mcp.example.com' }, /item 1 is neither/],
    [
      'a url with a comma in it',
      { MCP_UPSTREAMS: 'https://x.example/?key=hunter,2hunter2' },
      /item 2 is neither .*a comma inside a url as %2C/,
    ],
    [
      'a name that cannot be',
      { MCP_UPSTREAMS: 'My_Server=https://x.example' },
      /^MCP_UPSTREAMS: item 1: name is wrong\. Write lower-case/,
    ],
    ['an empty name', { MCP_UPSTREAMS: '=https://x.example' }, /item 1: name is wrong/],
    [
      'a url in the clear',
      { MCP_UPSTREAMS: 'x=http://x.example/?hunter2' },
      /^MCP_UPSTREAMS: item 1 \(x\): url is http, but x\.example may/,
    ],
    [
      'a url with credentials',
      { MCP_UPSTREAMS: 'https://me:hunter2@x.example/' },
      /^MCP_UPSTREAMS: item 1: url has credentials/,
    ],
    ['another scheme', { MCP_UPSTREAMS: 'x=ftp://x.example/' }, /item 1 \(x\): url is not an https address/],
    [
      'one name twice',
      { MCP_UPSTREAMS: 'github,github=http://other/' },
      /^MCP_UPSTREAMS: item 2 \(github\): this name stands twice\. /,
    ],
    [
      'one name twice over both settings',
      { MCP_UPSTREAMS: 'github', UPSTREAMS_FILE: file([{ name: 'github', url: 'http://x' }], 'github.json') },
      /^UPSTREAMS_FILE: entry 1 \(github\): this name stands twice\. /,
    ],
    [
      'two servers without a name',
      { MCP_UPSTREAMS: 'http://one/,http://other/' },
      /^MCP_UPSTREAMS: item 2: a second url without a name\. Give it a name/,
    ],
    [
      'the bridge itself',
      { MCP_UPSTREAMS: 'x=http://localhost:8000/mcp' },
      /item 1 \(x\): url is this bridge's own\. /,
    ],
    [
      'the bridge itself by another name of loopback',
      { MCP_UPSTREAMS: 'x=http://127.0.0.1:8000/mcp' },
      /url is this bridge's own/,
    ],
    [
      'the bridge itself by its public name',
      { PUBLIC_URL: 'https://b.example', BRIDGE_SECRET: 'x'.repeat(32), MCP_UPSTREAMS: 'x=https://B.example:443/y' },
      /url is this bridge's own/,
    ],
    [
      'one of RESOURCES',
      { RESOURCES: 'https://x.example/mcp', MCP_UPSTREAMS: 'x=https://X.example/mcp/?a' },
      /item 1 \(x\): url is one of RESOURCES\. Keep it in one of the two/,
    ],
    [
      "GitHub's server beside another GitHub",
      { ...ENTERPRISE, MCP_UPSTREAMS: 'github' },
      /item 1 \(github\): api\.githubcopilot\.com takes tokens of github\.com alone, and GITHUB_URL is another\. Write name=url of the MCP server beside the Enterprise Server/,
    ],
    [
      "GitHub's server by its url beside another GitHub",
      { ...ENTERPRISE, MCP_UPSTREAMS: 'x=https://api.githubcopilot.com/mcp/readonly' },
      /takes tokens of github\.com alone/,
    ],
    [
      "GitHub's server beside GitHub with data residency",
      { GITHUB_URL: 'https://octo.ghe.com', MCP_UPSTREAMS: 'github' },
      /Write github=https:\/\/copilot-api\.octo\.ghe\.com\/mcp\.$/,
    ],
    [
      'a file that is not there',
      { UPSTREAMS_FILE: join(folder, 'none') },
      /^UPSTREAMS_FILE: the file cannot be read \(ENOENT\)\. Name a file/,
    ],
    ['a folder as the file', { UPSTREAMS_FILE: folder }, /^UPSTREAMS_FILE: the file cannot be read \(EISDIR\)/],
  ];
  for (const [what, env, line] of REFUSED)
    it(`stop the start with ${what}`, () => {
      const lines = reported(env);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', line);
      assert.doesNotMatch(lines[0] ?? '', /hunter2/);
    });

  for (const [what, content, problem] of [
    ['is not JSON', '[{"url": hunter2}]', 'the file is not JSON'],
    ['is empty', '', 'the file is not JSON'],
    ['holds an object', { hunter2: {} }, 'the file holds no JSON list'],
    ['holds a text', '"hunter2"', 'the file holds no JSON list'],
    ['holds null', 'null', 'the file holds no JSON list'],
  ] as const)
    it(`stop the start with a file that ${what}`, () => {
      const remedy = 'Write for example [{"name": "github", "url": "https://api.githubcopilot.com/mcp/"}].';
      assert.deepEqual(reported({ UPSTREAMS_FILE: file(content) }), [`UPSTREAMS_FILE: ${problem}. ${remedy}`]);
    });

  it('stop the start with all that is wrong, in both settings', () => {
    const UPSTREAMS_FILE = file([{ name: 'a', url: 'https://x.example' }, { name: 'b', credential: 'hunter2' }, 3]);
    const lines = reported({ MCP_UPSTREAMS: 'a=https://y.example,nothing', UPSTREAMS_FILE });
    assert.deepEqual(lines.map((line) => line.replace(/\. .*/, '')).sort(), [
      'MCP_UPSTREAMS: item 2 is neither github nor name=url nor a url',
      'UPSTREAMS_FILE: entry 1 (a): this name stands twice',
      'UPSTREAMS_FILE: entry 2 (b): credential is wrong',
      'UPSTREAMS_FILE: entry 2 (b): url is missing',
      'UPSTREAMS_FILE: entry 3: not an object',
    ]);
  });

  it('are reported beside other settings that are wrong', () => {
    const lines = reported({ GITHUB_URL: 'git.example.com', PUBLIC_URL: 'b.example', MCP_UPSTREAMS: 'github' });
    const settings = lines.map((line) => /^[A-Z_]+/.exec(line)?.[0]);
    assert.deepEqual(settings.sort(), ['GITHUB_URL', 'MCP_UPSTREAMS', 'PUBLIC_URL']);
  });
});

describe('MCP_UPSTREAMS, whatever it is', () => {
  it('gives servers, or complaints that do not repeat it', () => {
    const piece = fc.constantFrom(
      ...[
        'github',
        'x',
        ',',
        '=',
        '://',
        'https://',
        'http://',
        'x.example',
        'localhost:8000',
        '10.0.0.1',
        '/mcp',
        '?',
        '#',
        '@',
      ],
      ...[' ', ',HUNTER2=', '/HUNTER2', '?k=HUNTER2', '#HUNTER2', ',HUNTER2', ',x=HUNTER2', 'me:HUNTER2@'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const MCP_UPSTREAMS = pieces.join('');
        for (const line of reported({ MCP_UPSTREAMS })) {
          assert.match(line, /^MCP_UPSTREAMS: /);
          assert.doesNotMatch(line, /HUNTER2/i);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
