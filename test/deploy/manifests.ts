// Checks Kubernetes manifests: by the schemas of the API that `kubernetes-models` has, and, because those let a misspelled field pass,
// by the types that it has, in which an object literal may have no other field.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
/** Beside this file, so that its imports are found; it is never written. */
const CHECKED = fileURLToPath(new URL('checked-manifests.ts', import.meta.url));

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string() }),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Every manifest of every file. @throws {Error} when a file is not YAML */
export function readManifests(): Manifest[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8'), { strict: true }))
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return manifestSchema.parse(document.toJSON());
    });
}

/** What is wrong with a manifest by the schema of its kind. */
export async function schemaErrors(manifest: Manifest): Promise<string[]> {
  const module: Record<string, new (data: Manifest) => { validate(): void }> = await import(moduleOf(manifest));
  const Kind = module[manifest.kind];
  if (Kind === undefined) return [`${manifest.apiVersion} has no ${manifest.kind}`];
  try {
    new Kind(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${error}`];
  }
}

/** What is wrong with manifests by the types of their kinds. */
export function typeErrors(manifests: readonly Manifest[]): string[] {
  const lines = manifests.flatMap((manifest, index) => [
    `import type { I${manifest.kind} as Kind${index} } from '${moduleOf(manifest)}';`,
    `export const manifest${index}: Kind${index} = ${JSON.stringify(manifest)};`,
  ]);
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === CHECKED || fileExists.call(host, path);
  host.getSourceFile = (path, ...rest) =>
    path === CHECKED
      ? ts.createSourceFile(path, lines.join('\n'), ts.ScriptTarget.ES2022)
      : getSourceFile.call(host, path, ...rest);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([CHECKED], options, host))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** `apps/v1` and `networking.k8s.io/v1` are folders of the package. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}
