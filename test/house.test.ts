// The house: folders import only downward, each opens with a word on what it owns, and no file outgrows one reading.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 250;

/** The rooms of src, each above all that it may import. Rooms of one row do not know each other. `src` is main, app and wiring. */
const LAYERS: readonly (readonly string[])[] = [
  ['src/admin', 'src/doctor'],
  ['src'],
  ['src/gateway'],
  ['src/mcp'],
  ['src/account', 'src/github'],
  ['src/oauth'],
  ['src/web'],
  ['src/config'],
  ['src/protocol'],
  ['src/hooks', 'src/security', 'src/telemetry'],
  ['src/store', 'src/observe'],
  ['src/base'],
];

/** Files of src without a test of their name, and why. */
const UNMIRRORED: readonly (readonly [RegExp, string])[] = [
  [/^src\/store\/conformance\//, 'these are tests'],
  [
    /^src\/store\/(?:people-operations|records|session-operations|store|story-store)\.ts$/,
    'types, and an error class that every test of a store asserts',
  ],
  [
    /^src\/store\/sqlite\/(?:blocks|clients|consents|counts|credentials|directory|logins|people|revocations|sessions)\.ts$/,
    'the suite',
  ],
  [
    /^src\/store\/redis\/(?:blocks|clients|consents|credentials|directory|logins|people|person-records)\.ts$/,
    'the suite',
  ],
  [/^src\/store\/redis\/(?:revocations|sessions)\.ts$/, 'the suite'],
  [/^src\/store\/(?:redis|sqlite)\/(?:shared|stories)\.ts$/, 'the suite'],
  [/^src\/store\/(?:(?:redis|sqlite)\/)?transfer\.ts$/, 'the suite'],
  [/^src\/store\/redis\/(?:client|keys|script)\.ts$/, 'connection.test.ts, and the tests of Cluster and Sentinel'],
  [/^src\/gateway\/parts\.ts$/, 'types, and a name'],
  [/^src\/admin\/(?:archive|backup|export|import|new-file)\.ts$/, 'admin/move.test.ts'],
  [/^src\/store\/last-backup\.ts$/, 'doctor/backups.test.ts'],
  [/^src\/store\/import-mark\.ts$/, 'admin/move.test.ts'],
  [
    /^src\/admin\/(?:clients|command|commands|keys|misuse|people|sessions|stats)\.ts$/,
    'types, and what main.test.ts runs',
  ],
  [/^src\/telemetry\/config\.ts$/, 'types'],
  [/^src\/config\/operator-settings\.ts$/, 'rows of the table, which settings.test.ts shows'],
  [/^src\/called-as\.ts$/, 'admin/main.test.ts, and the test of the package'],
  [/^src\/(?:oauth\/endpoints\/services|oauth\/grants\/grant-type|web\/views)\.ts$/, 'types'],
  [/^src\/(?:oauth\/grants|mcp\/tools)\/index\.ts$/, 'lists, which the tests of what they list show'],
  [/^src\/github\/octokit\.ts$/, 'api.test.ts'],
  [/^src\/(?:github\/github|mcp\/mcp)\.ts$/, 'it makes the parts; every test with a bridge runs it'],
  [/^src\/index\.ts$/, 'names; test/package compiles and runs programs that import them'],
];

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = globSync('src/**/*.ts', { cwd: ROOT });
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** A file without the lines of its comments, where examples import too. */
const code = (path: string) => read(path).replace(/^\s*(?:\/?\*|\/\/).*$/gm, '');
const imports: readonly Import[] = files.flatMap((file) =>
  [...code(file).matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target = '']) => ({
    file,
    target: normalize(join(dirname(file), target)),
  })),
);

/** The room of a path: the first folder below src, or src itself. */
function room(path: string): string {
  return dirname(path).split('/').slice(0, 2).join('/');
}

function layerOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

/** A way from a folder back to itself; empty when there is none. */
function circle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const next of edges.get(node) ?? []) {
      const found = visit(next, [...path, node]);
      if (found.length > 0) return found;
    }
    done.add(node);
    return [];
  };
  for (const node of edges.keys()) {
    const found = visit(node, []);
    if (found.length > 0) return found;
  }
  return [];
}

function graph(nodeOf: (path: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const { file, target } of imports) {
    const [from, to] = [nodeOf(file), nodeOf(target)];
    if (from !== to) edges.set(from, (edges.get(from) ?? new Set()).add(to));
  }
  return edges;
}

describe('the house', () => {
  it('has every folder of src in its layers', () => {
    const rooms = [...new Set(files.map(room))].sort();
    assert.deepEqual(rooms, LAYERS.flat().sort());
  });

  it('has no import that points upward, or across', () => {
    const wrong = imports.filter(({ file, target }) => {
      if (!target.startsWith('src/') || room(file) === room(target)) return false;
      return layerOf(room(target)) <= layerOf(room(file));
    });
    assert.deepEqual(
      wrong.map(({ file, target }) => `${file} → ${target}: ${room(file)} may not import ${room(target)}`),
      [],
    );
  });

  it('has no circle among its folders, those inside a room included', () => {
    const found = circle(graph((path) => dirname(path)));
    // Each hop of the circle, with the imports that make it.
    const hops = found
      .slice(1)
      .flatMap((to, index) =>
        imports
          .filter(({ file, target }) => dirname(file) === found[index] && dirname(target) === to)
          .map(({ file, target }) => `${file} → ${target}`),
      );
    assert.deepEqual(hops, []);
  });

  it('has no circle among its files', () => {
    assert.deepEqual(circle(graph((path) => path)), []);
  });

  it('sees a circle where there is one', () => {
    const edges = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    assert.deepEqual(circle(edges), ['b', 'c', 'b']);
  });

  it(`has no file under src of more than ${MAX_LINES} lines`, () => {
    const long = globSync('src/**/*.{ts,lua}', { cwd: ROOT })
      .map((path) => ({ path, lines: read(path).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES);
    assert.deepEqual(long, []);
  });

  it('has for every file of src a test of its name, or a reason why not', () => {
    const lost = files
      .filter((path) => !UNMIRRORED.some(([pattern]) => pattern.test(path)))
      .filter((path) => !existsSync(join(ROOT, path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts'))));
    assert.deepEqual(lost, []);
    for (const [pattern] of UNMIRRORED)
      assert.ok(
        files.some((path) => pattern.test(path)),
        String(pattern),
      );
  });

  it('names every file of a room in its README', () => {
    const unnamed = files.filter((path) => {
      const folder = dirname(path);
      return (
        folder !== 'src' && folder === room(path) && !read(`${folder}/README.md`).includes(`\`${basename(path)}\``)
      );
    });
    assert.deepEqual(unnamed, []);
  });

  it('opens every room with a README, and every file with what it owns', () => {
    const rooms = LAYERS.flat().filter((folder) => folder !== 'src' && !existsSync(join(ROOT, folder, 'README.md')));
    assert.deepEqual(rooms, []);
    assert.deepEqual(
      files.filter((path) => !read(path).startsWith('/**')),
      [],
    );
  });
});
