// The folder of somebody who installed the package and wrote one of the examples.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installed, installedTogether } from './packed.ts';

export const SOURCES = fileURLToPath(new URL('../../examples', import.meta.url));
const manifest: { dependencies: Record<string, string>; devDependencies: Record<string, string> } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
/** A library in the version of this repository. */
export const own = (name: string) =>
  `${name}@${manifest.dependencies[name] ?? manifest.devDependencies[name] ?? 'latest'}`;
const EVERY = ['typescript', '@types/node', 'zod', '@modelcontextprotocol/server'].map(own);

export interface Project {
  /** Its programs, each with the other files of the examples that it imports. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  readonly libraries: readonly string[];
  /** Installs libraries and package by one command: otherwise the declarations of a library do not fit the package's copies. */
  readonly together?: true;
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

/**
 * A folder with the package and libraries, and in it one for each program, compiled: `out/NAME/NAME.js`.
 * @returns the folder; the caller removes it
 */
export async function compiled({ programs, libraries, together }: Project): Promise<string> {
  const folder = await (together ? installedTogether : installed)([...EVERY, ...libraries]);
  for (const [name, others] of Object.entries(programs)) {
    mkdirSync(join(folder, name));
    for (const file of [name, ...others]) copyFileSync(join(SOURCES, `${file}.ts`), join(folder, name, `${file}.ts`));
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const compiler = join(folder, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(compiler, [], { cwd: folder }).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });
  return folder;
}
