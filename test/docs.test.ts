// Compares the READMEs, .env.example and the compose file with the code: settings and their defaults, commands, files, and the
// example of a tool.
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Octokit } from '@octokit/rest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../src/config/config.ts';
import { NAMES, SETTINGS } from '../src/config/settings.ts';
import { TELEMETRY_VARIABLES } from '../src/config/telemetry-settings.ts';
import type { CallContext } from '../src/mcp/call-context.ts';
import type { Tool } from '../src/mcp/tool.ts';
import { bridgeFor, CLIENT_ID } from './support/bridge.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const READMES = ['README.md', 'README.ja.md'] as const;

/** The programs that a document shows. */
const codeOf = (path: string) => matches(read(path), /^```(?:ts|python)\n(.*?)^```$/gms);

const NAMES_OF_SETTINGS = Object.keys(SETTINGS);
const GITHUB_APP = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };

const fileSchema = z.record(z.string(), z.object({ file: z.string() }));
const composeSchema = z.object({
  services: z.object({
    bridge: z.object({
      environment: z.record(z.string(), z.coerce.string().nullable()),
      secrets: z.array(z.string()),
      configs: z.array(z.object({ source: z.string(), target: z.string() })),
    }),
  }),
  secrets: fileSchema,
  configs: fileSchema,
});

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found);
}

/** The rows of a README's table of settings. */
function rowsOf(readme: string): string[] {
  return matches(read(readme), /^(\| `[A-Z_]+`.*\|)$/gm);
}

/** The rows that README.md must have. */
const ROWS = Object.entries(SETTINGS).map(([name, setting]) => {
  const shown = setting.default === undefined ? setting.without : `\`${setting.default}\``;
  return `| \`${name}\`${setting.secret ? ' \\*' : ''} | ${shown} | ${setting.meaning} |`;
});

/** The parts of a row that are the same in each language: the name, whether it is a secret, and the code in its default. */
function inAnyLanguage(row: string): { name: string; default: string[] } {
  const [, name = '', shown = ''] = row.split('|');
  return { name: name.trim(), default: matches(shown, /`([^`]+)`/g) };
}

describe('the documentation', () => {
  for (const readme of READMES) {
    it(`names in ${readme} every setting, by each of its names, and no other`, () => {
      const named = matches(read(readme), /`((?:MCP_)?[A-Z]+(?:_[A-Z]+)*)`/g).filter(
        (name) => !/^(?:NAME_FILE|BRIDGE_PORT|OTEL_EXPORTER_OTLP_ENDPOINT)$/.test(name),
      );
      const names = Object.entries(SETTINGS).flatMap(([name, { also = [] }]) => [name, ...also]);
      assert.deepEqual([...new Set(named)].sort(), names.sort());
    });

    it(`says in ${readme} the default of every setting`, () => {
      assert.deepEqual(rowsOf(readme).map(inAnyLanguage), ROWS.map(inAnyLanguage));
    });
  }

  for (const document of [...READMES, 'CONTRIBUTING.md'])
    it(`names in ${document} only files and commands that exist`, () => {
      const text = read(document);
      const files = [...matches(text, /\]\(([\w./-]+)(?:#[\w-]*)?\)/g), ...matches(text, /(?:src|srcset)="([^"]+)"/g)];
      const folders = matches(text, /^\| (`[a-z/]+`.*?) \|/gm).flatMap((cell) => matches(cell, /`([a-z/]+)`/g));
      for (const path of [...files, ...folders]) assert.ok(existsSync(new URL(path, ROOT)), path);
      const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
      for (const name of matches(text, /\bnpm\s+run\s+([\w:]+)/g)) {
        const script = scripts[name];
        assert.ok(script !== undefined, `npm run ${name}`);
        const file = /^node (\S+)/.exec(script)?.[1];
        assert.ok(file === undefined || existsSync(new URL(file, ROOT)), script);
      }
    });

  it('has in README.md the table of src/config/settings.ts, word for word', () => {
    assert.deepEqual(rowsOf('README.md'), ROWS);
  });

  it('has the right default for PUBLIC_URL, which is derived', () => {
    assert.equal(SETTINGS.PUBLIC_URL.without, `\`${readConfig(GITHUB_APP).publicUrl}\``);
  });

  it('has the same headings, commands and code in both languages', () => {
    const [english, japanese] = READMES.map((readme) => ({
      code: matches(read(readme), /^```\w+\n(.*?)^```$/gms),
      headings: matches(read(readme), /^(#+) /gm),
    }));
    assert.deepEqual(japanese, english);
  });

  it('passes every setting to the container, each secret also as a file, and nothing else but variables of Node and OpenTelemetry', () => {
    const passed = Object.keys(
      composeSchema.parse(parse(read('docker-compose.yml'), { logLevel: 'error' })).services.bridge.environment,
    );
    const files = Object.entries(SETTINGS).flatMap(([name, { secret }]) => (secret ? [`${name}_FILE`] : []));
    const ofNode = [
      'HTTP_PROXY',
      'HTTPS_PROXY',
      'NO_PROXY',
      'NODE_USE_ENV_PROXY',
      'NODE_EXTRA_CA_CERTS',
      'NODE_OPTIONS',
    ];
    assert.deepEqual(passed.sort(), [...NAMES_OF_SETTINGS, ...files, ...ofNode, ...TELEMETRY_VARIABLES].sort());
  });

  it('mounts each file that a setting names, at the place that the container is told', () => {
    const compose = composeSchema.parse(parse(read('docker-compose.yml'), { logLevel: 'error' }));
    const { environment, secrets, configs } = compose.services.bridge;
    const sources = { ...compose.secrets, ...compose.configs };
    const places = new Map([
      ...secrets.map((name) => [`/run/secrets/${name}`, name] as const),
      ...configs.map(({ source, target }) => [target, source] as const),
    ]);
    const named = Object.entries(environment).filter(([name]) => /_FILE$|_CERTS$|^OPERATOR_LOGO$/.test(name));
    assert.equal(named.length, places.size);
    for (const [name, value] of named) {
      const [, place = ''] = /^\$\{\w+:\+(.*)\}$/.exec(value ?? '') ?? [];
      assert.equal(sources[places.get(place) ?? '']?.file, `\${${name}:-/dev/null}`, name);
    }
  });

  it('has each variable of OpenTelemetry in docs/operating.md, and names no other', () => {
    const [, section = ''] =
      /^## Traces and metrics by OpenTelemetry$(.*?)^## /ms.exec(read('docs/operating.md')) ?? [];
    const named = matches(section, /\b(OTEL_[A-Z_]+)\b/g);
    const ofBoth = TELEMETRY_VARIABLES.filter((name) => !/_OTLP_(?:TRACES|METRICS)_/.test(name));
    assert.deepEqual(
      ofBoth.filter((name) => !named.includes(name)),
      [],
    );
    assert.deepEqual(
      named.filter((name) => !TELEMETRY_VARIABLES.includes(name)),
      [],
    );
  });

  it('shows in .env.example only settings, and the port of the compose file', () => {
    const shown = matches(read('.env.example'), /^#?([A-Z_]+)=/gm);
    assert.deepEqual(
      shown.filter((name) => name !== 'BRIDGE_PORT' && !NAMES.includes(name)),
      [],
    );
    assert.ok(shown.includes('GITHUB_CLIENT_ID'));
  });

  it('shows the examples as they are, which test/package compiles and runs', () => {
    const shown = codeOf('docs/your-own-server.md');
    for (const name of globSync('examples/*.{ts,py}', { cwd: ROOT })) assert.ok(shown.includes(read(name)), name);
    // Without the comment in its first line.
    assert.ok(codeOf('README.md').includes(read('examples/node.ts').replace(/^.*\n/, '')));
  });

  it('shows a tool that works as it is printed', async (t) => {
    const source = codeOf('README.md').find((code) => code.includes('export const getUser')) ?? '';
    const folder = mkdtempSync(join(tmpdir(), 'bridge-readme-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'get-user.ts');
    const here = source
      .replace("'zod'", `'${import.meta.resolve('zod')}'`)
      .replace("'../tool.ts'", `'${new URL('src/mcp/tool.ts', ROOT)}'`);
    writeFileSync(file, here);
    const { getUser }: { getUser: Tool } = await import(pathToFileURL(file).href);

    const bridge = await bridgeFor(t, { store: 'sqlite' });
    const { token } = bridge.github.issueToken({ account: 'octocat', clientId: CLIENT_ID });
    // The example uses only this member of the context.
    const context = { github: new Octokit({ baseUrl: `${bridge.github.url}/api/v3`, auth: token }) } as CallContext;
    const result = await getUser.call({ username: 'monalisa' }, context);
    assert.partialDeepStrictEqual(result.structuredContent, { login: 'monalisa' });
    await assert.rejects(getUser.call({ username: '../user' }, context), /Invalid string/);
  });
});
