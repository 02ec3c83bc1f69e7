// References lead somewhere: a decision that a comment cites stands in docs/design.md, a client in docs/clients.md, and every
// path that a document names is there.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const code = globSync('{bin,src,demo,tools,bench,test,templates}/**/*.{ts,mjs,lua,eta,css,md}', { cwd: ROOT }).filter(
  (path) => !path.includes('node_modules'),
);
const documents = [...globSync('{*.md,docs/*.md}', { cwd: ROOT }), ...globSync('{src,bench}/**/*.md', { cwd: ROOT })];

/** What a pattern finds in files: the first group, with the file that has it. */
function found(paths: readonly string[], pattern: RegExp): { path: string; text: string }[] {
  return paths.flatMap((path) => [...read(path).matchAll(pattern)].map(([, text = '']) => ({ path, text })));
}

describe('the references', () => {
  const headings = [...read('docs/design.md').matchAll(/^### (\d+)\. /gm)].map(([, number]) => Number(number));

  it('number the decisions of docs/design.md from 1 on', () => {
    assert.ok(headings.length > 0);
    assert.deepEqual(
      headings,
      headings.map((_, index) => index + 1),
    );
  });

  it('cite only decisions that docs/design.md has', () => {
    const cited = found([...code, ...documents], /design[\s*]+decisions?[\s*]+((?:\d+(?:, | and )?)+)/g);
    assert.ok(cited.length > 20, `${cited.length} citations`);
    const lost = cited.flatMap(({ path, text }) =>
      [...text.matchAll(/\d+/g)].filter(([number]) => !headings.includes(Number(number))).map((at) => `${path}: ${at}`),
    );
    assert.deepEqual(lost, []);
  });

  it('cite only clients that docs/clients.md names', () => {
    const clients = read('docs/clients.md');
    const cited = found(code, /clients\.md,[\s*]+([\w .,-]+?)\)/g);
    assert.ok(cited.length > 3, `${cited.length} citations`);
    const lost = cited.flatMap(({ path, text }) =>
      text
        .split(', ')
        .filter((client) => !clients.includes(client))
        .map((client) => `${path}: ${client}`),
    );
    assert.deepEqual(lost, []);
  });

  it('name in comments only documents that are there', () => {
    const named = found(code, /(?<![\w.])((?:docs\/)?[a-z-]+\.md)\b/g).filter(
      ({ text }) => !/^readme\.md$/i.test(text),
    );
    const lost = named.filter(({ text }) => !existsSync(join(ROOT, text)) && !existsSync(join(ROOT, 'docs', text)));
    assert.deepEqual(lost, []);
  });

  it('name in documents only files and folders that are there', () => {
    // Files that README.md tells its reader to write.
    const yours = new Set(['src/mcp/tools/get-user.ts']);
    const named = found(documents, /`((?:src|test|demo|docs|bench|templates)\/[\w./-]+)`/g);
    assert.ok(named.length > 50, `${named.length} paths`);
    const lost = named.filter(({ text }) => !yours.has(text) && !existsSync(join(ROOT, text)));
    assert.deepEqual(lost, []);
  });

  it('link in documents only to files that are there', () => {
    const links = found(documents, /\]\((?!https?:)([^)#\s]+)/g);
    assert.ok(links.length > 20, `${links.length} links`);
    const lost = links.filter(({ path, text }) => !existsSync(join(ROOT, path, '..', text)));
    assert.deepEqual(lost, []);
  });
});
