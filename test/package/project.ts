// The folder of somebody who installed the package and wrote one of the examples.
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installed } from './packed.ts';

export const SOURCES = fileURLToPath(new URL('../../examples', import.meta.url));
const manifest: { dependencies: Record<string, string>; devDependencies: Record<string, string> } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
/** A library in the version of this repository. */
export const own = (name: string) =>
  `${name}@${manifest.dependencies[name] ?? manifest.devDependencies[name] ?? 'latest'}`;
const EVERY = ['typescript', '@types/node', 'zod', '@modelcontextprotocol/server'].map(own);

export interface Example {
  readonly name: string;
  readonly libraries: readonly string[];
  /** Other files of the folder that it imports. */
  readonly others: readonly string[];
}

/** Strict, and the declarations of libraries are checked too. */
const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    // The examples import each other as Node runs them.
    rewriteRelativeImportExtensions: true,
    outDir: 'out',
    rootDir: '.',
  },
};

/** A folder with the package, an example and its libraries, compiled; removed when the test is over. */
export async function project(t: TestContext, { name, libraries, others }: Example): Promise<string> {
  const folder = await installed([...EVERY, ...libraries]);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of [name, ...others]) copyFileSync(join(SOURCES, `${file}.ts`), join(folder, `${file}.ts`));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const compiler = join(folder, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(compiler, [], { cwd: folder }).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });
  return folder;
}
