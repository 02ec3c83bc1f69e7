/** `import FILE`: what `export` wrote, into an empty store. The file is read twice: once to check all of it. */
import { SettingError } from '../base/setting-error.ts';
import type { Config } from '../config/config.ts';
import { ForeignStore, readCanaries } from '../security/canary.ts';
import { createSecrets } from '../security/secrets.ts';
import { readImportMark, writeImportMark } from '../store/import-mark.ts';
import { noteBackup } from '../store/last-backup.ts';
import type { Store } from '../store/store.ts';
import { type ArchiveRecord, type Counts, readArchive } from './archive.ts';
import { Misuse, type StoreCommand } from './command.ts';
import { sentence } from './export.ts';

/** Records written at once. */
const AT_ONCE = 50;
const INTO_EMPTY = 'name an empty one (DATA_DIR, REDIS_URL)';

export const importCommand: StoreCommand = {
  words: 'import',
  synopsis: 'FILE',
  about: 'writes what "export" wrote into an empty store; no bridge may serve from it meanwhile',
  makesStore: true,
  check({ positionals: [path] }) {
    if (path === '-') throw new Misuse('import reads its file twice, so it cannot be standard input: name a FILE');
  },
  async runOnStore({ config, open, terminal, signal }, { positionals: [path = ''] }) {
    const whole = await verify(path, config, (people) => {
      if (signal.aborted) throw new Error('stopped while the file was checked; nothing was imported');
      terminal.progress(`${people} people checked`);
    });
    const store = await open(true);
    const mark = await beginImport(store, whole.sha256);
    let people = 0;
    for await (const batch of batches(again(path, whole.sha256), AT_ONCE)) {
      if (signal.aborted)
        throw new Error(
          `stopped after ${people} of ${whole.people} people; the same command again completes it, no bridge may serve before`,
        );
      await Promise.all(batch.map((record) => write(store, record)));
      people += batch.filter(({ type }) => type === 'person').length;
      terminal.progress(`${people} of ${whole.people} people imported`);
    }
    if (!(await writeImportMark(store.shared, mark, { sha256: whole.sha256, done: true })))
      throw new Error(
        'another import of this file has ended meanwhile, and a bridge may serve since: import it into an empty store, once',
      );
    // The file is a copy of what is in the store now.
    await noteBackup(store.shared, 'export', Math.floor(Date.now() / 1000));
    const { sha256: _, ...counts } = whole;
    terminal.answer({ file: path, ...counts }, `Imported ${sentence(counts)}.`);
  },
};

/** Reads all of a file. @throws {SettingError} when it is not whole, or of another secret or GitHub */
async function verify(
  path: string,
  config: Config,
  onProgress: (people: number) => void,
): Promise<Counts & { sha256: string }> {
  const records = readArchive(path, ({ github }) => {
    if (github !== config.github.url)
      throw new ForeignStore(
        'GITHUB_URL',
        `${config.github.url}, and ${path} holds tokens of ${github}`,
        'Set it to what it was.',
      );
  });
  let people = 0;
  let canaries = { version: 0, value: '' };
  for (;;) {
    const next = await records.next();
    if (next.done === true) {
      const now = Math.floor(Date.now() / 1000);
      const shared = { readDocument: async () => canaries };
      await readCanaries(shared, createSecrets(config.secrets), now, config.refreshTokenTtl);
      return next.value;
    }
    const record = next.value;
    if (record.type === 'document' && record.document.name === 'canaries') canaries = record.document;
    if (record.type === 'person') people += 1;
    onProgress(people);
  }
}

/**
 * Reads the records of the file a second time.
 * @throws {SettingError} at its end when the file is not the one that was checked
 */
async function* again(path: string, sha256: string): AsyncGenerator<ArchiveRecord> {
  const changed = (cause?: unknown) =>
    new SettingError(
      path,
      'the file was changed while it was imported, and some of it is in the store',
      'Empty the store, and start again with a file that nothing writes to.',
      { cause },
    );
  const records = readArchive(path);
  for (;;) {
    const next = await records.next().catch((error: unknown) => {
      throw changed(error);
    });
    if (next.done === true && next.value.sha256 !== sha256) throw changed();
    if (next.done === true) return;
    yield next.value;
  }
}

/**
 * Marks the store as one that a file is imported into.
 * @returns the version of the mark
 * @throws {Error} when the store holds anything but an unfinished import of the same file
 */
async function beginImport(store: Store, sha256: string): Promise<number> {
  const { version, mark } = await readImportMark(store.shared);
  if (mark?.done === false && mark.sha256 === sha256) return version;
  if (mark?.done === false || !(await isEmpty(store)))
    throw new Misuse(
      mark?.done === false
        ? 'another file was imported into this store and not completed: import that one, or name an empty store (DATA_DIR, REDIS_URL)'
        : 'the store is not empty, and nothing in it is replaced: name an empty one (DATA_DIR, REDIS_URL)',
    );
  if (!(await writeImportMark(store.shared, version, { sha256, done: false })))
    throw new Misuse(`another import into this store has just begun: ${INTO_EMPTY}`);
  return version + 1;
}

async function isEmpty({ transfer }: Store): Promise<boolean> {
  for (const pages of [transfer.documents(), transfer.clients(), transfer.people()])
    for await (const page of pages) if (page.length > 0) return false;
  return true;
}

function write({ transfer }: Store, record: ArchiveRecord): Promise<void> {
  if (record.type === 'document') return transfer.importDocument(record.document);
  if (record.type === 'client') return transfer.importClient(record.client);
  return transfer.importPerson(record.person);
}

async function* batches<T>(all: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const one of all) {
    batch.push(one);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
