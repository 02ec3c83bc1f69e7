// docs/troubleshooting.md: it has each kind of error page, each description that a client developer meets, each check of the doctor and
// each start error that the bridge itself words; and its links and those of docs/operating.md lead somewhere.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PageError } from '../src/web/page-error.ts';
import type { ErrorKind } from '../src/web/views.ts';
import { en } from '../templates/locales/en.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENT = read('docs/troubleshooting.md');

/** The section of a heading, to the next one of its level or above. */
function sectionOf(heading: string): string {
  const [, level = ''] = new RegExp(`^(#+) ${heading}$`, 'm').exec(DOCUMENT) ?? [];
  const [, section] =
    new RegExp(`^${level} ${heading}$(.*?)(?=^#{1,${level.length}} |$(?![^]))`, 'ms').exec(DOCUMENT) ?? [];
  assert.ok(section !== undefined && section !== '', heading);
  return section;
}

/** Where the source words an error that is answered: the call, then the text. */
const WORDED = [
  /(?:invalid(?:Request|Grant|Target|Scope|ClientMetadata|RedirectUri|Client)|refused?|refusal)\(\s*(?:\d+, )?(?:'[a-z_]+',\s*)?/,
  /new OAuthError\(\s*(?:'[a-z_]+'|OAuthErrorCode\.\w+),\s*/,
  /new UpstreamFailure\(\s*'\w+',\s*'\w+',\s*/,
  /new Refusal\(\s*\d+,\s*'\w+',\s*/,
  /new GithubTrouble\(\s*'\w+',\s*/,
  /error_description: /,
  /const (?:NO_SUCH_CODE|SESSION_OVER|description) = /,
];

/** Private details, for the log alone, and words that are part of others. */
const PRIVATE = /^(?:unknown client|no assertion|no secret|wrong secret|answered |is |The person's |\$\{message\})/;

/** The texts of answered errors in the source, each in the pieces between its values. */
function wordings(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
    const source = read(file);
    for (const call of WORDED)
      for (const [, quote, text = ''] of source.matchAll(new RegExp(`${call.source}(['\`])((?:(?!\\1).)*)\\1`, 'g'))) {
        if (PRIVATE.test(text)) continue;
        const pieces = quote === '`' ? text.split(/\$\{[^}]*\}/) : [text];
        found.set(
          `${file}: ${text}`,
          pieces.map((piece) => piece.trim()).filter((piece) => piece.length > 2),
        );
      }
  }
  return found;
}

describe('docs/troubleshooting.md', () => {
  it('has each kind of error page with its status and its title, and no other', () => {
    const rows = [...sectionOf('People: pages').matchAll(/^\| `(\w+)` \| (\d+) \| (.+?) \|/gm)];
    const described = Object.fromEntries(rows.map(([, kind = '', status, title]) => [kind, [Number(status), title]]));
    const kinds = Object.keys(en.errors) as ErrorKind[];
    assert.deepEqual(
      described,
      Object.fromEntries(kinds.map((kind) => [kind, [new PageError(kind).status, en.errors[kind].title]])),
    );
  });

  it('has each error that is answered to a client, a tool or a caller of a server behind the bridge', () => {
    const all = wordings();
    assert.ok(all.size > 100, String(all.size));
    const missing = [...all].filter(([, pieces]) => pieces.some((piece) => !DOCUMENT.includes(piece)));
    assert.deepEqual(
      missing.map(([where]) => where),
      [],
    );
  });

  it('has each check of the doctor', () => {
    const section = sectionOf('The doctor');
    for (const file of globSync('src/doctor/*.ts', { cwd: ROOT }))
      for (const [, name] of read(file).matchAll(/^const [A-Z]+ = '([A-Z_]+|[A-Za-z ]+)';$/gm)) {
        if (/^MCP_UPSTREAMS or/.test(name ?? '')) continue;
        assert.ok(section.includes(`| \`${name}\` |`), `${file}: ${name}`);
      }
  });

  it('has each problem with what a setting names', () => {
    const section = sectionOf('The start');
    for (const file of globSync('src/{base,config,github,store,security,.}/**/*.ts', { cwd: ROOT }))
      for (const [, setting] of read(file).matchAll(/new (?:SettingError|ForeignStore)\(\s*'([A-Z_]+)'/g))
        assert.ok(section.includes(`\`${setting}: `), `${file}: ${setting}`);
  });

  for (const path of ['docs/troubleshooting.md', 'docs/operating.md'])
    it(`and ${path} link only to what there is`, () => {
      const links = [...read(path).matchAll(/\]\((?!https?:)([\w./-]*)(?:#([\w-]+))?\)/g)];
      assert.ok(links.length > 10);
      for (const [, file = '', anchor] of links) {
        const target = file === '' ? path : join(dirname(path), file);
        assert.ok(existsSync(join(ROOT, target)), `${path}: ${target}`);
        if (anchor === undefined) continue;
        const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
          heading
            .toLowerCase()
            .replace(/[^\w -]/g, '')
            .replaceAll(' ', '-'),
        );
        assert.ok(headings.includes(anchor), `${path}: ${target}#${anchor}`);
      }
    });
});
