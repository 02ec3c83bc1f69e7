// The programs that the tests need beside Node: a Redis server with redis-cli, Chromium, Python for one example, promtool for the
// alerts, and Caddy and nginx for the examples of proxies. Finds them, installs them on Debian and Ubuntu as root, or says in one
// line what is missing.

import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Absolute paths of the programs; `REDIS_SERVER`, `REDIS_CLI` and `CHROMIUM` override what is found. */
export type System = { redisServer: string; redisCli: string; chromium: string };

/** Programs are missing. The message is one line for the person at the keyboard. */
export class MissingPrograms extends Error {}

const FASTAPI_PACKAGES = ['python3-fastapi', 'python3-uvicorn', 'python3-jwt', 'python3-cryptography'];
const REDIS_SERVERS = ['redis-server'];
const REDIS_CLIS = ['redis-cli'];
const CHROMIUMS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The path of redis-server.
 * @throws {MissingPrograms}
 */
export function redisServer(): string {
  return required(locate('REDIS_SERVER', REDIS_SERVERS), 'redis-server', 'REDIS_SERVER');
}

/**
 * The path of redis-cli. When `REDIS_SERVER` is set, it is looked for beside the server first.
 * @throws {MissingPrograms}
 */
export function redisCli(): string {
  return required(locateRedisCli(), 'redis-cli', 'REDIS_CLI');
}

/**
 * The path of Chromium or Chrome.
 * @throws {MissingPrograms}
 */
export function chromium(): string {
  return required(locate('CHROMIUM', CHROMIUMS), 'Chromium', 'CHROMIUM');
}

/**
 * Finds every program. Installs what is missing on Debian or Ubuntu, as root.
 * @param say receives one line for each slow step and each warning
 * @throws {MissingPrograms} with what is missing and how to get it, in one line
 */
export async function prepareSystem(say: (line: string) => void): Promise<System> {
  const fontsMissing = !(await hasJapaneseFont());
  const packages = [
    ...missingPackages(),
    ...(fontsMissing ? ['fontconfig', 'fonts-ipafont-gothic'] : []),
    ...((await fastapiPython()) === undefined ? FASTAPI_PACKAGES : []),
    ...(promtool() === undefined ? ['prometheus'] : []),
    ...(proxyProgram('caddy') === undefined ? ['caddy'] : []),
    ...(proxyProgram('nginx') === undefined ? ['nginx-light'] : []),
  ];
  if (packages.length > 0 && canInstall()) {
    say(`installing ${packages.join(' ')} with apt-get`);
    await aptInstall(packages);
  }
  const stillMissing = missingPackages();
  if (stillMissing.length > 0) throw new MissingPrograms(howToInstall(stillMissing));
  if (fontsMissing && !canInstall()) say('no Japanese font found: pages in Japanese will show boxes in screenshots');
  return { redisServer: redisServer(), redisCli: redisCli(), chromium: await workingChromium() };
}

/**
 * A Python with the libraries of `examples/fastapi_server.py`.
 * @returns undefined when there is none; no other test needs it
 */
export async function fastapiPython(): Promise<string | undefined> {
  for (const python of ['python3', '/usr/bin/python3'])
    try {
      await run(python, ['-c', 'import fastapi, uvicorn, jwt, cryptography']);
      return python;
    } catch {
      // It is not there, or lacks one of them.
    }
  return undefined;
}

/**
 * The path of promtool, which checks the rules in `deploy/`.
 * @returns undefined when there is none; no other test needs it
 */
export function promtool(): string | undefined {
  return locate('PROMTOOL', ['promtool']);
}

/**
 * The path of a proxy, whose example in `deploy/` is run.
 * @returns undefined when there is none; no other test needs it
 */
export function proxyProgram(name: 'caddy' | 'nginx'): string | undefined {
  return locate(name.toUpperCase(), [name, `/usr/sbin/${name}`]);
}

function missingPackages(): string[] {
  const redisFound = locate('REDIS_SERVER', REDIS_SERVERS) && locateRedisCli();
  return [...(redisFound ? [] : ['redis-server']), ...(locate('CHROMIUM', CHROMIUMS) ? [] : ['chromium'])];
}

function locateRedisCli(): string | undefined {
  const server = process.env.REDIS_SERVER;
  const beside = server === undefined ? [] : [join(dirname(server), 'redis-cli')];
  return locate('REDIS_CLI', [...beside, ...REDIS_CLIS]);
}

/**
 * The override if it is set (it then counts alone), else the first of `names` that is an absolute path or on PATH.
 * @throws {MissingPrograms} when the override is wrong
 */
function locate(override: string, names: readonly string[]): string | undefined {
  const chosen = process.env[override];
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new MissingPrograms(`${override}=${chosen} is not a program that can be run`);
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = names.flatMap((name) =>
    name.includes('/') ? [name] : folders.map((folder) => join(folder, name)),
  );
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function required(path: string | undefined, program: string, override: string): string {
  if (path !== undefined) return path;
  throw new MissingPrograms(`${program} was not found: install it or set ${override} to its path`);
}

/** On Ubuntu the package called chromium may only point at a snap, which does not run in a container. */
async function workingChromium(): Promise<string> {
  const path = chromium();
  try {
    await run(path, ['--version'], { timeout: 30_000 });
    return path;
  } catch {
    throw new MissingPrograms(`${path} does not run: install Google Chrome, or set CHROMIUM to a Chromium that does`);
  }
}

/** Always true but on Linux, because other systems come with Japanese fonts. */
async function hasJapaneseFont(): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  try {
    return (await run('fc-list', [':lang=ja', 'family'])).stdout.trim() !== '';
  } catch {
    return false; // fontconfig's tools are not installed either
  }
}

function canInstall(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

function howToInstall(packages: readonly string[]): string {
  const command =
    process.platform === 'darwin'
      ? packages
          .map((name) => (name === 'chromium' ? 'brew install --cask google-chrome' : 'brew install redis'))
          .join(' && ')
      : `sudo apt-get install ${packages.join(' ')}`;
  return `missing: ${packages.join(' and ')}; run "${command}", or set REDIS_SERVER, REDIS_CLI or CHROMIUM to where they are`;
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 10 * 60_000,
  };
  const common = ['-q', '-y', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=120'];
  try {
    await run('apt-get', [...common, 'update'], options);
    await withoutServices(() =>
      run('apt-get', [...common, 'install', '--no-install-recommends', ...packages], options),
    );
  } catch (error) {
    throw new MissingPrograms(`apt-get could not install ${packages.join(' ')}: ${lastLine(error)}`);
  }
}

/** Debian starts the services that it installs; this stops it, because the tests start their own Redis. See invoke-rc.d(8). */
async function withoutServices<T>(install: () => Promise<T>): Promise<T> {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return await install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(policy, { force: true });
  }
}

function lastLine(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  return output.trim().split('\n').at(-1) || String(error);
}
