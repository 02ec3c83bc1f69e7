/**
 * `npm run build`: the package's JavaScript and declarations, in `dist/`, with the folders of the repository, because files are
 * found by their place beside the code. `npm pack` runs it. The repository itself runs its TypeScript as it is.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files that the code reads at run time. */
const READ_FILES = ['templates/*.{eta,css}', 'src/store/redis/scripts/*.lua'];
/** A relative specifier in a declaration: what stands before it, and its path without `.ts`. The compiler leaves it as it is. */
const SPECIFIER = /((?:\bfrom|\bimport\()\s*["'])(\.{1,2}\/[^"']+)\.ts(?=["'])/g;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync(join('node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(1);
for (const file of globSync(READ_FILES)) cpSync(file, join('dist', file));

// The declarations that the entry leads to are the public types; the others would only be weight.
const entry = join('dist', 'src', 'index.d.ts');
const reached = new Set([entry]);
for (const file of reached) {
  const text = readFileSync(file, 'utf8');
  for (const [, , path = ''] of text.matchAll(SPECIFIER)) reached.add(normalize(join(dirname(file), `${path}.d.ts`)));
  writeFileSync(file, text.replace(SPECIFIER, '$1$2.js'));
}
for (const file of globSync('dist/**/*.d.ts')) if (!reached.has(file)) rmSync(file);
