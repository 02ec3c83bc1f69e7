/** Which file a store was made of by `import`, and whether all of it is there: what is half there must not be served. */
import { z } from 'zod';
import { SettingError } from '../base/setting-error.ts';
import type { SharedStore } from './store.ts';

/** Name of the document; it stays with its store (transfer.ts). */
const DOCUMENT = 'import';
const schema = z.object({ sha256: z.string(), done: z.boolean() });

/** The mark of a store; `mark` is absent when nothing was imported. `version` is for {@link writeImportMark}. */
export async function readImportMark(
  shared: Pick<SharedStore, 'readDocument'>,
): Promise<{ version: number; mark?: z.infer<typeof schema> }> {
  const { version, value } = await shared.readDocument(DOCUMENT);
  return { version, ...(version === 0 ? {} : { mark: schema.parse(JSON.parse(value)) }) };
}

/** @returns false when another process has written the mark since `version` was read */
export function writeImportMark(shared: SharedStore, version: number, mark: z.infer<typeof schema>): Promise<boolean> {
  return shared.writeDocument(DOCUMENT, version, JSON.stringify(mark));
}

/**
 * Checks that no import into the store is unfinished. Writes nothing.
 * @param setting the variable that names the store
 * @throws {SettingError}
 */
export async function checkImport(
  shared: Pick<SharedStore, 'readDocument'>,
  setting: 'DATA_DIR' | 'REDIS_URL',
): Promise<void> {
  const { mark } = await readImportMark(shared);
  if (mark?.done !== false) return;
  throw new SettingError(
    setting,
    'a store into which an import is not finished',
    'Complete it with the same "npm run admin -- import FILE", or name another store.',
  );
}
