/**
 * The file that `export` writes and `import` reads: one JSON object per line. First a header, then documents, registered
 * clients and people, at last a line with the counts and the SHA-256 of all bytes before it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { SettingError, systemCode } from '../base/setting-error.ts';
import {
  type ClientRecord,
  type DocumentRecord,
  type PersonRecord,
  parseClientRecord,
  parseDocument,
  parsePerson,
} from '../store/transfer.ts';

export const FORMAT = 'mcp-github-bridge-export';
export const FORMAT_VERSION = 1;
const LF = 10;

const headerSchema = z.object({
  type: z.literal('header'),
  format: z.literal(FORMAT),
  formatVersion: z.number(),
  /** Of the program that wrote it. */
  version: z.string(),
  store: z.enum(['sqlite', 'redis']),
  /** The GitHub whose tokens and accounts these are. */
  github: z.string(),
  /** ISO 8601. */
  at: z.string(),
});
export type Header = z.infer<typeof headerSchema>;

const countsSchema = z.object({
  documents: z.number(),
  clients: z.number(),
  people: z.number(),
  sessions: z.number(),
});
/** How many records of each kind. */
export type Counts = z.infer<typeof countsSchema>;
const endSchema = z.object({ type: z.literal('end'), ...countsSchema.shape, sha256: z.string() });

/** A record of the file. */
export type ArchiveRecord =
  | { readonly type: 'document'; readonly document: DocumentRecord }
  | { readonly type: 'client'; readonly client: ClientRecord }
  | { readonly type: 'person'; readonly person: PersonRecord };

export const noCounts = (): Counts => ({ documents: 0, clients: 0, people: 0, sessions: 0 });

/** Counts a record. */
export function count(counts: Counts, record: ArchiveRecord): void {
  if (record.type === 'document') counts.documents += 1;
  if (record.type === 'client') counts.clients += 1;
  if (record.type !== 'person') return;
  counts.people += 1;
  counts.sessions += record.person.grants.length;
}

/** What is wrong with a file, in the form of a wrong setting. */
const wrong = (path: string, line: number, problem: string, remedy: string): SettingError =>
  new SettingError(`${path} line ${line}`, problem, remedy);

const WHOLE = 'Nothing was imported; name a file that "export" has finished.';

/**
 * Reads the records of a file, and checks its header and its end.
 * @param onHeader is called before the first record; what it throws ends the reading
 * @returns the counts, after the last record
 * @throws {SettingError} which names the line
 */
export async function* readArchive(
  path: string,
  onHeader: (header: Header) => void = () => {},
): AsyncGenerator<ArchiveRecord, Counts & { sha256: string }> {
  const hash = createHash('sha256');
  const counts = noCounts();
  let number = 0;
  let whole: (Counts & { sha256: string }) | undefined;
  for await (const line of linesOf(path)) {
    number += 1;
    if (whole !== undefined) throw wrong(path, number, 'there is more after the last line of the export', WHOLE);
    const value = parse(line);
    if (number === 1) onHeader(headerOf(path, value));
    if (isEnd(value)) {
      const end = endSchema.parse(value);
      const problem = 'the file was changed after it was exported (its counts or checksum differ)';
      const sha256 = hash.digest('hex');
      const same = countsSchema.keyof().options.every((name) => counts[name] === end[name]);
      if (!same || end.sha256 !== sha256) throw wrong(path, number, problem, WHOLE);
      whole = { ...counts, sha256 };
      continue;
    }
    hash.update(line).update('\n');
    if (number === 1) continue;
    const record = recordOf(value);
    if (record === undefined) throw wrong(path, number, 'no record of an export', WHOLE);
    count(counts, record);
    yield record;
  }
  if (whole !== undefined) return whole;
  throw wrong(path, number + 1, 'the file is cut off: the last line with the counts is missing', WHOLE);
}

/** Bytes of a line: a person with as many sessions as one can have needs some megabytes. */
const MAX_LINE = 64 * 1024 * 1024;

/** The lines of a file, without their line feeds. Only a few of them are in memory. */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let held = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
      let from = 0;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, at)]);
        [rest, held] = [[], 0];
        from = at + 1;
      }
      rest.push(chunk.subarray(from));
      held += chunk.length - from;
      if (held > MAX_LINE) throw new SettingError(path, 'has a line of more than 64 MB', WHOLE);
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new SettingError(path, `cannot be read (${systemCode(error)})`, 'Name the file that "export" has written.');
    throw error;
  }
  const last = Buffer.concat(rest);
  if (last.length > 0) yield last;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isEnd = (value: unknown): boolean => endSchema.safeParse(value).success;

function headerOf(path: string, value: unknown): Header {
  const { data } = headerSchema.safeParse(value);
  if (data === undefined) throw wrong(path, 1, 'no header of an export', WHOLE);
  if (data.formatVersion > FORMAT_VERSION)
    throw wrong(path, 1, `written by version ${data.version}, which is newer`, 'Import it with that version.');
  return data;
}

const recordSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('document'), document: z.unknown().transform(parseDocument) }),
  z.object({ type: z.literal('client'), client: z.unknown().transform(parseClientRecord) }),
  z.object({ type: z.literal('person'), person: z.unknown().transform(parsePerson) }),
]);

function recordOf(value: unknown): ArchiveRecord | undefined {
  try {
    return recordSchema.parse(value);
  } catch {
    return undefined;
  }
}
