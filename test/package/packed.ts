// The package as `npm publish` would send it, for tests that install it, and the folder of somebody who did.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const exec = promisify(execFile);

export interface Packed {
  /** The path of the tarball. */
  readonly tarball: string;
  /** The paths of its files. */
  readonly files: readonly string[];
}

/**
 * Packs; once in a run of `npm test`, because each test file is a process of its own and all of them would build into one `dist/`.
 * @throws {Error} with what npm printed
 */
export async function packed(): Promise<Packed> {
  // Without `npm test` (node --test FILE) each process packs.
  const run = process.env.TEST_RUN_DIR ?? mkdtempSync(join(tmpdir(), 'bridge-packed-'));
  if (process.env.TEST_RUN_DIR === undefined) process.once('exit', () => rmSync(run, { recursive: true }));
  const folder = join(run, 'package');
  const result = join(folder, 'result.json');
  try {
    mkdirSync(folder);
    const written = await pack(folder).catch((error: unknown) => ({ failed: String(error) }));
    writeFileSync(`${result}.draft`, JSON.stringify(written));
    renameSync(`${result}.draft`, result);
  } catch (error) {
    // Another process packs.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    await until(() => existsSync(result), { what: 'the package, which another test file packs', timeout: 100_000 });
  }
  const found: Packed | { failed: string } = JSON.parse(readFileSync(result, 'utf8'));
  if ('failed' in found) throw new Error(found.failed);
  return found;
}

async function pack(folder: string): Promise<Packed> {
  const { stdout } = await npm(ROOT, 'pack', '--json', '--silent', '--pack-destination', folder);
  const [made]: { filename: string; files: { path: string }[] }[] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
  return { tarball: join(folder, made.filename), files: made.files.map(({ path }) => path) };
}

/** Installs the tarball, and nothing else but `more`, into a new folder. @returns the folder; the caller removes it */
export async function installed(more: readonly string[] = []): Promise<string> {
  const { tarball } = await packed();
  const folder = mkdtempSync(join(tmpdir(), 'bridge-installed-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball, ...more);
  return folder;
}

/** Runs npm in a folder. @throws {Error} with what it printed, when it fails */
export async function npm(cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return await exec('npm', args, { cwd, env: environment(), maxBuffer: 64 * 1024 * 1024 });
}

/** The environment without what the npm that runs the tests says of itself, which an npm inside would take for its own. */
export function environment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(?:package|lifecycle|command|config_local_prefix)/.test(name),
    ),
  );
}
