// `npm run test:clients`: real clients log in to the demo, without a visible browser, and a table shows the results. Installs the
// clients first when they are missing. An argument selects the rows whose names contain it: `npm run test:clients -- inspector`.

import { execFile } from 'node:child_process';
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { launchBrowser } from '../support/browser.ts';
import type { Row } from './client.ts';
import { Demo } from './demo.ts';
import { EverythingServer, NAME } from './everything/server.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Milliseconds for a row. */
const PATIENCE = 120_000;
/** Rows that run at once; they mostly wait for tokens to expire. */
const AT_ONCE = 4;

type Outcome = { row: Row; result: string; failure?: unknown };

async function main(wanted: string[]): Promise<void> {
  await install();
  // Imported only now, because it needs the packages in node_modules of this folder.
  const { listRows } = await import('./rows.ts');
  const browser = await launchBrowser();
  const everything = await EverythingServer.start();
  const demo = await Demo.start({ UPSTREAMS_FILE: everything.upstreamsFile(NAME) });
  try {
    const rows = listRows(browser).filter((row) => wanted.every((word) => nameOf(row).includes(word)));
    const outcomes: Outcome[] = [];
    const waiting = [...rows];
    const work = async () => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift())
        outcomes.push(await outcomeOf(row, () => row.run(demo, everything)));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    report(rows.flatMap((row) => outcomes.filter((outcome) => outcome.row === row)));
    if (rows.length === 0 || outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
  } finally {
    await demo.stop();
    await everything.stop();
    await browser.close();
  }
}

/** npm writes a file into node_modules when it installs: nothing is to do when that is newer than the lock file. */
async function install(): Promise<void> {
  const [locked, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map((file) =>
    statSync(join(HERE, file), { throwIfNoEntry: false }),
  );
  if (locked !== undefined && installed !== undefined && installed.mtimeMs >= locked.mtimeMs) return;
  // npm follows the link, and empties the folder that others use.
  if (lstatSync(join(HERE, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Error('test/clients/node_modules is a link to an older install: run `npm ci` where it leads to');
  console.log('[clients] npm ci in test/clients');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: HERE });
}

async function outcomeOf(row: Row, run: () => Promise<string>): Promise<Outcome> {
  const begun = performance.now();
  const seconds = () => `${((performance.now() - begun) / 1000).toFixed(0)} s`;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not done after ${PATIENCE / 1000} s`)), PATIENCE);
  try {
    const result = await Promise.race([run(), late]);
    console.log(`[clients] ✔ ${nameOf(row)} (${seconds()})`);
    return { row, result };
  } catch (failure) {
    console.log(`[clients] ✖ ${nameOf(row)} (${seconds()})`);
    return { row, result: 'FAILED', failure };
  } finally {
    clearTimeout(timer);
  }
}

function nameOf({ client, version, transport }: Row): string {
  return [client, version, transport].filter((part) => part !== '').join(' ');
}

function report(outcomes: readonly Outcome[]): void {
  for (const { row, failure } of outcomes) if (failure !== undefined) console.error(`\n${nameOf(row)}:`, failure);
  const lines = [
    ['client', 'version', 'transport', 'result'],
    ['---', '---', '---', '---'],
    ...outcomes.map(({ row, result }) => [row.client, row.version, row.transport, result]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  console.log('');
  for (const line of lines)
    console.log(`| ${line.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
await main(process.argv.slice(2));
process.exit();
