// What `npm test` runs: type check and lint, the programs the tests need, one Redis for all, then node's test runner.
//
//     npm test                            everything but test/clients, test/fuzz and test/faults
//     npm test -- test/store              the tests of a folder; a file or a glob works too
//     npm test -- --test-name-pattern=x   options go to node's test runner
//
// Fails when anything failed, when a test was skipped without a reason, and when nothing ran at all.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type RedisServer, startRedis } from './support/redis.ts';
import { MissingPrograms, prepareSystem, type System } from './support/system.ts';
import type { Tally } from './support/tally-reporter.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TEST_TIMEOUT = 120_000; // milliseconds, for each test
const APART = ['test/clients/**', 'test/fuzz/**', 'test/faults/**'];

/** A failure that was already printed: the exit code is 1, and nothing more is printed. */
class Failed extends Error {}

const children = new Set<ChildProcess>();

async function main(args: string[]): Promise<void> {
  process.chdir(ROOT);
  requirePinnedNode();
  const options = args.filter((arg) => arg.startsWith('-'));
  const named = args.filter((arg) => !arg.startsWith('-'));
  const files = named.length > 0 ? named.flatMap(filesOf) : globSync('test/**/*.test.ts', { exclude: APART });
  if (files.length === 0) fail(`no test file: ${named.join(' ') || 'test/**/*.test.ts'}`);

  if (named.length > 0) say('check', `left out, because files are named (npm run check runs it)`);
  else await stage('check', check);
  const system = await stage('system', () => prepareSystem((line) => say('system', line)));
  process.env.REDIS_SERVER = system.redisServer;
  process.env.REDIS_CLI = system.redisCli;
  const redis = await stage('redis', () => startRedis());
  try {
    const tally = await stage('tests', () => runTests(files.sort(), options, system, redis));
    // With a name pattern some files have no test to run, which is no failure.
    const filtered = options.some((option) => /^--test-(name-pattern|skip-pattern|only)/.test(option));
    judge(filtered ? { ...tally, tests: tally.tests - tally.emptyFiles.length, emptyFiles: [] } : tally);
  } finally {
    await redis.stop();
  }
}

/** npm puts the pinned Node first on PATH, unless its install script did not run. */
function requirePinnedNode(): void {
  const manifest: { devDependencies: { node: string } } = JSON.parse(readFileSync('package.json', 'utf8'));
  const wanted = manifest.devDependencies.node;
  if (process.versions.node.split('.')[0] === wanted.split('.')[0]) return;
  fail(`this is Node ${process.versions.node}, not ${wanted}: run "npm rebuild node", then "npm test"`);
}

/** The test files of a folder, or those that match a path or a glob. */
function filesOf(named: string): string[] {
  const isFolder = existsSync(named) && statSync(named).isDirectory();
  const found = globSync(isFolder ? join(named, '**/*.test.ts') : named, { exclude: ['**/node_modules/**'] });
  if (found.length === 0) fail(`no test file: ${named}`);
  return found;
}

async function check(): Promise<void> {
  const results = await Promise.all([output('tsc', []), output('biome', ['check', '--error-on-warnings', '.'])]);
  for (const { code, printed } of results) if (code !== 0) process.stdout.write(printed);
  if (results.some(({ code }) => code !== 0)) throw new Failed();
}

async function output(command: string, args: string[]): Promise<{ code: number; printed: string }> {
  const child = start(join('node_modules/.bin', command), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [code, ...printed] = await Promise.all([exitCode(child), ...[child.stdout, child.stderr].map(read)]);
  return { code, printed: printed.join('') };
}

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? '' : await text(stream);
}

async function runTests(files: string[], options: string[], system: System, redis: RedisServer): Promise<Tally> {
  const tally = join(redis.dir, 'tally.json'); // this folder is deleted, however the run ends
  const reporters = [
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=./test/support/tally-reporter.ts', `--test-reporter-destination=${tally}`],
  ];
  // More files than cores at a time, because tests wait, too.
  const concurrency = `--test-concurrency=${availableParallelism() + 1}`;
  const defaults = ['--test', `--test-timeout=${TEST_TIMEOUT}`, concurrency];
  const child = start(process.execPath, [...defaults, ...reporters, ...options, ...files], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // Each file is a process of its own, and most load the whole bridge: compiled once, it is loaded in half the time.
    env: {
      ...process.env,
      TEST_REDIS_URL: redis.url,
      CHROMIUM: system.chromium,
      NODE_COMPILE_CACHE: join(redis.dir, 'compile-cache'),
      TEST_RUN_DIR: redis.dir,
    },
  });
  const code = await exitCode(child);
  const written = existsSync(tally) ? readFileSync(tally, 'utf8') : '';
  if (written === '') fail(`node --test ended with exit code ${code} before it could count`);
  const result: Tally = JSON.parse(written);
  return code === 0 || result.failed > 0 ? result : { ...result, failed: 1 };
}

function judge({ tests, failed, skipped, forgiven, emptyFiles }: Tally): void {
  for (const { name, file, reason } of skipped) say('skipped', `${name} (${file}): ${reason || 'NO REASON GIVEN'}`);
  for (const { name, file } of forgiven) say('to do', `${name} (${file}) fails, and is marked as to do`);
  for (const file of emptyFiles) say('tests', `${file} holds no test`);
  if (tests - skipped.length - emptyFiles.length <= 0) fail('no test ran');
  if (skipped.some(({ reason }) => reason === '')) fail('every skipped test must say why: { skip: "reason" }');
  if (failed > 0 || emptyFiles.length > 0) throw new Failed();
}

async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    const result = await work();
    say(name, `done in ${seconds()}`);
    return result;
  } catch (error) {
    say(name, error instanceof MissingPrograms ? error.message : `failed after ${seconds()}`);
    throw error instanceof MissingPrograms ? new Failed() : error;
  }
}

function say(name: string, line: string): void {
  console.log(`[${name}] ${line}`);
}

function fail(line: string): never {
  say('failed', line);
  throw new Failed();
}

/** Each child leads a process group, so that an interrupted run can end it with all that it started. */
function start(command: string, args: string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, { ...options, detached: true });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function exitCode(child: ChildProcess): Promise<number> {
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

/** The shared Redis is not in the list: it ends with this process (test/support/redis.ts). */
function endAll(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  for (const { pid } of children) if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  process.exit(128 + constants.signals[signal]);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endAll);
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failed)) console.error(error);
  process.exitCode = 1;
}
