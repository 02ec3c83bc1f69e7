// The package as `npm publish` would send it, for tests that install it, and the folder of somebody who did.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A folder of the whole run of `npm test`, which removes it; of this process without that (node --test FILE). */
const RUN = process.env.TEST_RUN_DIR ?? mkdtempSync(join(tmpdir(), 'bridge-packed-'));
if (process.env.TEST_RUN_DIR === undefined) process.once('exit', () => rmSync(RUN, { recursive: true }));
const exec = promisify(execFile);

export interface Packed {
  /** The path of the tarball. */
  readonly tarball: string;
  /** The paths of its files. */
  readonly files: readonly string[];
}

/**
 * Packs; once in a run, because each test file is a process of its own and all of them would build into one `dist/`.
 * @throws {Error} with what npm printed
 */
export function packed(): Promise<Packed> {
  return once('package', async (folder) => {
    const { stdout } = await npm(ROOT, 'pack', '--json', '--silent', '--pack-destination', folder);
    const [made]: { filename: string; files: { path: string }[] }[] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    if (made === undefined) throw new Error(`npm pack made nothing: ${stdout}`);
    return { tarball: join(folder, made.filename), files: made.files.map(({ path }) => path) };
  });
}

/**
 * Installs the tarball, and then `more`, into a new folder, and nothing else. npm unpacks the libraries of the package once in a
 * run; each caller gets a copy.
 * @returns the folder; the caller removes it
 */
export async function installed(more: readonly string[] = []): Promise<string> {
  const { first } = await once('installed', async (first) => {
    await installInto(first);
    return { first };
  });
  const folder = newFolder();
  cpSync(first, folder, { recursive: true, verbatimSymlinks: true });
  if (more.length > 0) await install(folder, more);
  return folder;
}

/** The same by one command of npm, which then chooses the copy of a library that lies on top for all of them together. */
export async function installedTogether(more: readonly string[]): Promise<string> {
  const folder = newFolder();
  await installInto(folder, more);
  return folder;
}

async function installInto(folder: string, more: readonly string[] = []): Promise<void> {
  const { tarball } = await packed();
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await install(folder, [tarball, ...more]);
}

/** All are side by side, because npm writes down the relative path of the tarball. */
function newFolder(): string {
  return mkdtempSync(join(RUN, 'folder-'));
}

async function install(folder: string, packages: readonly string[]): Promise<void> {
  await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
}

/**
 * What `make` makes, which is done once in a run: by the first of the test files that need it, while the others wait.
 * @param name of the folder that `make` gets
 * @throws {Error} with what `make` threw, in every test file
 */
async function once<T extends object>(name: string, make: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(RUN, name);
  const result = `${folder}.json`;
  try {
    mkdirSync(folder);
    const written = await make(folder).catch((error: unknown) => ({ failed: String(error) }));
    writeFileSync(`${result}.draft`, JSON.stringify(written));
    renameSync(`${result}.draft`, result);
  } catch (error) {
    // Another process makes it.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    await until(() => existsSync(result), { what: `${name}, which another test file makes`, timeout: 250_000 });
  }
  const found: T | { failed: string } = JSON.parse(readFileSync(result, 'utf8'));
  if ('failed' in found) throw new Error(found.failed);
  return found;
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
