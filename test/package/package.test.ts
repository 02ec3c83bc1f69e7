// The package: what is in it, how others resolve it, and that it runs where nothing but its dependencies is installed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { type Program, startProgram } from '../programs.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { installed, type Packed, packed } from './packed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// Six of them are OpenTelemetry’s, which are loaded only when they are used.
const MAX_DEPENDENCIES = 28;
const manifest: { version: string; dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);

describe('the package', () => {
  let made: Packed;
  let folder: string;
  before(async () => {
    made = await packed();
    folder = await installed();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts the program that `npx mcp-github-bridge` runs, in a new folder, with this environment and this `.env`. */
  function run(t: TestContext, args: readonly string[], env: Record<string, string> = {}, envFile?: string): Program {
    const cwd = mkdtempSync(join(folder, 'run-'));
    if (envFile !== undefined) writeFileSync(join(cwd, '.env'), envFile);
    const program = startProgram(join(folder, 'node_modules', '.bin', 'mcp-github-bridge'), args, {
      cwd,
      env: { PATH: process.env.PATH ?? '', ...env },
    });
    t.after(async () => {
      program.child.kill('SIGKILL');
      await program.ended;
    });
    return program;
  }

  it('has the compiled code, templates and scripts, and no source, test or document of the repository', () => {
    const wanted =
      /^(?:dist\/(?:bin|demo|src|templates)\/.+\.js|dist\/src\/.+\.d\.ts|dist\/templates\/\w+\.(?:eta|css)|dist\/src\/store\/redis\/scripts\/.+\.lua|package\.json|LICENSE|CHANGELOG\.md|README(?:\.ja)?\.md)$/;
    assert.deepEqual(
      made.files.filter((path) => !wanted.test(path) || /conformance|\.test\./.test(path)),
      [],
    );
    const read = globSync(['templates/*.{eta,css}', 'src/**/*.lua'], { cwd: ROOT });
    assert.ok(read.length > 10, `${read.length} files`);
    for (const path of read) assert.ok(made.files.includes(`dist/${path}`), path);
  });

  it(`has at most ${MAX_DEPENDENCIES} dependencies, in ranges, so that a program shares its copies with the package`, () => {
    const ranges = Object.entries(manifest.dependencies);
    assert.ok(ranges.length <= MAX_DEPENDENCIES, `${ranges.length} dependencies`);
    for (const [name, range] of ranges) assert.match(range, /^\^\d/, name);
  });

  it('names every library that its code and its types import', () => {
    const package_ = join(folder, 'node_modules', 'mcp-github-bridge');
    const imported = globSync(['dist/**/*.js', 'dist/**/*.d.ts'], { cwd: package_ }).flatMap((path) =>
      [...code(join(package_, path)).matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)['"]([^.'"][^'"]*)['"]/g)]
        .map(([, name = '']) => name)
        .filter((name) => !name.startsWith('node:') && !name.startsWith('mcp-github-bridge')),
    );
    const names = new Set(
      imported.map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    );
    assert.ok(names.size > 10);
    assert.deepEqual(
      [...names].filter((name) => !(name in manifest.dependencies)),
      [],
    );
  });

  it('has types that need few libraries, because a program compiles the types of each', () => {
    const package_ = join(folder, 'node_modules', 'mcp-github-bridge');
    const found = globSync('dist/**/*.d.ts', { cwd: package_ }).flatMap((path) =>
      [...code(join(package_, path)).matchAll(/(?:\bfrom|\bimport\()\s*['"]([^.'"][^'"]*)['"]/g)].map(
        ([, name = '']) => name,
      ),
    );
    const libraries = [...new Set(found)].filter((name) => !name.startsWith('node:')).sort();
    assert.deepEqual(libraries, ['@modelcontextprotocol/server', '@octokit/rest', 'jose', 'zod']);
  });

  it('is linted by publint without a message', async () => {
    const { messages } = await publint({
      pack: { tarball: new Uint8Array(readFileSync(made.tarball)).buffer },
      strict: true,
    });
    assert.deepEqual(messages, []);
  });

  it('has types that TypeScript resolves, as Are The Types Wrong sees it', async () => {
    const { stdout } = await promisify(execFile)(join(ROOT, 'node_modules/.bin/attw'), [
      ...[made.tarball, '--profile', 'esm-only', '--format', 'json'],
    ]);
    const { problems }: { problems: Record<string, unknown> } = JSON.parse(stdout);
    const left = Object.keys(problems).filter((kind) => !['CJSResolvesToESM', 'NoResolution'].includes(kind));
    assert.deepEqual(left, []);
  });

  it('has no `any` in its public types', () => {
    const package_ = join(folder, 'node_modules', 'mcp-github-bridge');
    const declarations = globSync('dist/**/*.d.ts', { cwd: package_ });
    assert.ok(declarations.includes(join('dist', 'src', 'index.d.ts')));
    const found = declarations.filter((path) => /\bany\b/.test(code(join(package_, path))));
    assert.deepEqual(found, []);
  });

  it('says its version and how it is used, and refuses what it does not know', async (t) => {
    const [version, help, command, option, argument] = await Promise.all(
      [['--version'], ['--help'], ['nonsense'], ['--nonsense'], ['start', 'more']].map((args) => run(t, args).ended),
    );
    assert.deepEqual(version, { code: 0, stdout: `${manifest.version}\n`, stderr: '' });
    assert.equal(help?.code, 0);
    assert.match(help?.stdout ?? '', /^usage: npx mcp-github-bridge \[COMMAND\]\n/);
    for (const [refused, word] of [
      [command, 'nonsense'],
      [option, '--nonsense'],
      [argument, 'more'],
    ] as const) {
      assert.equal(refused?.code, 2);
      assert.equal(refused?.stderr, `mcp-github-bridge: unknown command or option "${word}"\n\n${help?.stdout}`);
    }
  });

  it('starts without a command, with the settings of .env, and stops on SIGTERM', async (t) => {
    const port = await freePort();
    const { child, ended } = run(t, [], {}, `GITHUB_CLIENT_ID=id\nGITHUB_CLIENT_SECRET=secret\nPORT=${port}\n`);
    await ready(port);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    assert.equal(code, 0);
    assert.ok(stdout.includes(`http://localhost:${port}/mcp`));
  });

  it('starts the demo, which reads no .env, and says how its commands are called', async (t) => {
    const [port, githubPort] = [await freePort(), await freePort()];
    const ports = { PORT: String(port), DEMO_GITHUB_PORT: String(githubPort) };
    const { child, ended } = run(t, ['demo'], ports, 'GITHUB_CLIENT_SECRETS=misspelled\n');
    await ready(port);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    assert.equal(code, 0);
    assert.match(stdout, /Look in: .* npx mcp-github-bridge admin sessions list\n/);
  });

  it('has the other programs, and does without the compile cache where it cannot be written', async (t) => {
    const cache = join(folder, 'node_modules', 'mcp-github-bridge', 'dist', '.cache');
    assert.ok(existsSync(cache), 'nothing was compiled');
    rmSync(cache, { recursive: true });
    writeFileSync(cache, 'no folder');
    const [admin, doctor] = await Promise.all([run(t, ['admin', 'nonsense']).ended, run(t, ['doctor']).ended]);
    assert.equal(admin.code, 2);
    assert.match(admin.stderr, /^no command "nonsense": /);
    const help = await run(t, ['admin', 'stats', '--help']).ended;
    assert.match(help.stdout, /^usage: npx mcp-github-bridge admin stats\n/);
    const usage = await run(t, ['doctor', '--help']).ended;
    assert.match(usage.stdout, /^usage: npx mcp-github-bridge doctor \[--json\]\n/);
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /^problem {2}GITHUB_CLIENT_ID: missing\. /);
  });
});

async function ready(port: number): Promise<void> {
  const url = `http://localhost:${port}/readyz`;
  await until(async () => (await fetch(url)).status === 200, { what: url });
}

/** A file without its comments. */
function code(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*.*?\*\/|^\s*\/\/.*$/gms, '');
}
