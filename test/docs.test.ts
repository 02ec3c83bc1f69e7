// What the READMEs and the compose file say, against the code: variables and their defaults, commands, files, and the tool to copy.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { readConfig } from '../src/config/config.ts';
import type { Tool, ToolContext } from '../src/mcp/tool.ts';
import { CLIENT_ID, startTestBridge } from './support/bridge.ts';
import { getJson } from './support/oauth.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const READMES = ['README.md', 'README.ja.md'] as const;

/** Every variable that src/config/config.ts reads. */
const VARIABLES = new Set(
  [...read('src/config/config.ts').matchAll(/\b(?:text|secret|list|duration|integer|users|firstSecret)\(([^)]*)\)/g)]
    .flatMap(([, list = '']) => [...list.matchAll(/'([A-Z][A-Z_]+)'/g)].map(([, name = '']) => name))
    .filter((name) => name !== 'MCP_UPSTREAMS'),
);

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

/** The rows of the configuration table: variables, and what stands as code in the column of defaults. */
function settings(readme: string): { names: string[]; defaults: string[] }[] {
  return matches(read(readme), /^(\| `[A-Z_]+`.*)$/gm).map((row) => {
    const [, names = '', defaults = ''] = row.split('|');
    return { names: matches(names, /`([A-Z_]+)`/g), defaults: matches(defaults, /`([^`]+)`/g) };
  });
}

describe('the documentation', () => {
  for (const readme of READMES) {
    it(`names in ${readme} every variable, and no other`, () => {
      const named = matches(read(readme), /`((?:MCP_)?[A-Z]+(?:_[A-Z]+)*)`/g).filter(
        (name) => !/^(?:NAME_FILE|BRIDGE_PORT)$/.test(name),
      );
      assert.deepEqual([...new Set(named)].sort(), [...VARIABLES].sort());
    });

    it(`says the defaults in ${readme} as they are`, () => {
      const { publicUrl, port, dataDir, scopes, redirectSchemes, registrationsPerHour, logLevel, github, ...config } =
        readConfig({ GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' });
      assert.deepEqual([config.accessTokenTtl, config.refreshTokenTtl], [3600, 30 * 86400]);
      const defaults = new Map(settings(readme).map(({ names, defaults }) => [names.join(), defaults]));
      for (const [names, expected] of [
        ['PUBLIC_URL', publicUrl],
        ['HOST,PORT', String(port)],
        ['DATA_DIR', dataDir],
        ['SCOPES', scopes.join()],
        ['ACCESS_TOKEN_TTL,REFRESH_TOKEN_TTL', '1h,30d'],
        ['ALLOWED_REDIRECT_SCHEMES', redirectSchemes.join()],
        ['CLIENT_METADATA_DOCUMENTS', config.clientMetadataDocuments ? 'on' : 'off'],
        ['REGISTRATIONS_PER_HOUR', String(registrationsPerHour)],
        ['GITHUB_URL,GITHUB_API_URL', github.url],
        ['LOG_LEVEL', logLevel],
      ] as const)
        assert.equal(defaults.get(names)?.join(), expected, names);
    });

    it(`names in ${readme} only files and commands that there are`, () => {
      const text = read(readme);
      const files = [...matches(text, /\]\(([\w./-]+)(?:#[\w-]*)?\)/g), ...matches(text, /(?:src|srcset)="([^"]+)"/g)];
      const folders = matches(text, /^\| (`[a-z/]+`.*?) \|/gm).flatMap((cell) => matches(cell, /`([a-z/]+)`/g));
      for (const path of [...files, ...folders]) assert.ok(existsSync(new URL(path, ROOT)), path);
      const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
      for (const name of matches(text, /\bnpm\s+run\s+([\w:]+)/g)) {
        const file = /^node (\S+)/.exec(scripts[name] ?? '')?.[1];
        assert.ok(file !== undefined && existsSync(new URL(file, ROOT)), `npm run ${name}`);
      }
    });
  }

  it('says the same in both languages: settings, commands and code', () => {
    const [english, japanese] = READMES.map((readme) => ({
      settings: settings(readme).map(({ names }) => names),
      code: matches(read(readme), /^```\w+\n(.*?)^```$/gms),
      headings: matches(read(readme), /^(#+) /gm),
    }));
    assert.deepEqual(japanese, english);
  });

  it('passes to the container every setting that is not its own', () => {
    const passed = matches(read('compose.yaml'), /^ {6}([A-Z_]+):/gm);
    const own = ['HOST', 'DATA_DIR', 'CLIENTS_FILE'];
    const others = [...VARIABLES].filter((name) => !name.startsWith('MCP_') && !own.includes(name));
    assert.deepEqual(passed.sort(), others.sort());
  });

  it('shows a tool that works as it stands', async (t) => {
    const source = matches(read('README.md'), /^```ts\n(.*?)^```$/gms)[0] ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'bridge-readme-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'get-user.ts');
    const here = source
      .replace("'zod'", `'${import.meta.resolve('zod')}'`)
      .replace("'../tool.ts'", `'${new URL('src/mcp/tool.ts', ROOT)}'`);
    writeFileSync(file, here);
    const { getUser }: { getUser: Tool } = await import(pathToFileURL(file).href);

    const bridge = await startTestBridge({ store: 'sqlite' });
    t.after(() => bridge.stop());
    const { token } = bridge.github.issueToken({ account: 'octocat', clientId: CLIENT_ID });
    // The example uses no more of what a handler is given.
    const context = {
      github: async (path: string) => {
        const { body } = await getJson(`${bridge.github.url}/api/v3${path}`, { authorization: `Bearer ${token}` });
        return { data: body, more: false };
      },
    } as ToolContext;
    const result = await getUser.call({ username: 'monalisa' }, context);
    assert.partialDeepStrictEqual(result.structuredContent, { login: 'monalisa' });
    await assert.rejects(getUser.call({ username: '../user' }, context), /Invalid string/);
  });
});
