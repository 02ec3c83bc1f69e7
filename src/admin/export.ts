/** `export FILE`: all that is stored, as text, to be imported into another store. A bridge may serve meanwhile. */
import { createHash } from 'node:crypto';
import { isoTime } from '../base/iso-time.ts';
import { VERSION } from '../base/version.ts';
import { readCanaries } from '../security/canary.ts';
import { createSecrets } from '../security/secrets.ts';
import { noteBackup } from '../store/last-backup.ts';
import type { Store } from '../store/store.ts';
import { type ArchiveRecord, type Counts, count, FORMAT, FORMAT_VERSION, type Header, noCounts } from './archive.ts';
import type { StoreCommand } from './command.ts';
import { withNewFile } from './new-file.ts';

/** People read at once, and characters that are written at once. */
const AT_ONCE = 50;
const CHUNK = 1 << 18;

type Write = (text: string) => Promise<void>;

export const exportCommand: StoreCommand = {
  words: 'export',
  synopsis: 'FILE',
  about: 'writes all that is stored, sealed as it is, to a new FILE (- is standard output)',
  async runOnStore({ config, open, terminal, signal }, { positionals: [path = ''] }) {
    const store = await open();
    const now = Math.floor(Date.now() / 1000);
    await readCanaries(store.shared, createSecrets(config.secrets), now, config.refreshTokenTtl);
    const header: Header = {
      type: 'header',
      format: FORMAT,
      formatVersion: FORMAT_VERSION,
      version: VERSION,
      store: store.kind,
      github: config.github.url,
      at: isoTime(now),
    };
    const { people } = await store.counts();
    const write = (to: Write) =>
      writeArchive(store, header, to, (counts) => {
        if (signal.aborted) throw new Error(`stopped after ${counts.people} of ${people} people; ${unfinished(path)}`);
        terminal.progress(`${counts.people} of ${people} people exported`);
      });
    const counts =
      path === '-'
        ? await write(toStandardOutput)
        : await withNewFile(path, (file) => write((text) => file.appendFile(text)));
    await noteBackup(store.shared, 'export', now);
    const done = `Exported ${sentence(counts)}.`;
    if (path === '-') terminal.note(done);
    else
      terminal.answer(
        { file: path, ...counts },
        `${done}\nKeep ${path} as safe as the store, and BRIDGE_SECRET apart from it.`,
      );
  },
};

export const sentence = ({ people, sessions, clients, documents }: Counts): string =>
  `${people} people with ${sessions} sessions, ${clients} clients, ${documents} documents`;

const unfinished = (path: string) =>
  path === '-' ? 'what was written has no last line, so "import" refuses it' : `${path} was removed`;

function toStandardOutput(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) =>
      error ? reject(new Error(`standard output was closed; ${unfinished('-')}`, { cause: error })) : resolve(),
    );
  });
}

async function writeArchive(
  store: Store,
  header: Header,
  write: Write,
  onProgress: (counts: Counts) => void,
): Promise<Counts> {
  const hash = createHash('sha256');
  const counts = noCounts();
  let text = `${JSON.stringify(header)}\n`;
  async function flush(): Promise<void> {
    hash.update(text);
    await write(text);
    text = '';
  }
  async function add(records: readonly ArchiveRecord[]): Promise<void> {
    for (const record of records) {
      count(counts, record);
      text += `${JSON.stringify(record)}\n`;
      if (text.length >= CHUNK) await flush();
    }
    onProgress(counts);
  }

  const { documents, clients, people, exportPerson } = store.transfer;
  for await (const page of documents()) await add(page.map((document) => ({ type: 'document', document })));
  for await (const page of clients()) await add(page.map((client) => ({ type: 'client', client })));
  for await (const page of people())
    for (let at = 0; at < page.length; at += AT_ONCE) {
      const read = await Promise.all(page.slice(at, at + AT_ONCE).map(exportPerson));
      await add(read.flatMap((person) => (person === undefined ? [] : [{ type: 'person', person } as const])));
    }
  await flush();
  await write(`${JSON.stringify({ type: 'end', ...counts, sha256: hash.digest('hex') })}\n`);
  return counts;
}
