/**
 * `npm run dev`: the bridge, started again whenever a source file, a template or `.env` changes. `npm run dev -- --demo`: with
 * the simulated GitHub, which has no `.env`. Each start waits until the one before has closed its port and its store.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

const demo = process.argv.includes('--demo');
// Node watches the folder of an `--env-file`, so a file that an editor replaces is seen too.
const envFile = !demo && existsSync('.env') ? ['--env-file=.env'] : [];
const watched = ['src', 'templates', 'demo'].map((folder) => `--watch-path=${folder}`);

const child = spawn(
  process.execPath,
  [...watched, '--watch-preserve-output', ...envFile, demo ? 'demo/main.ts' : 'src/main.ts'],
  { stdio: 'inherit' },
);
// Ctrl-C reaches the child by itself, because it is a signal for all processes of the terminal.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code) => process.exit(code ?? 1));
