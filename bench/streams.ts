/** Event streams through a server: the throughput of a long one, and the memory of many that are open. */
import { Agent, request } from 'undici';
import { collectGarbage, type ServerProcess } from './processes.ts';
import { median } from './race.ts';

/** Events in the long stream, and bytes of each: 64 MiB. */
const EVENTS = 8192;
const EVENT = 8 * 1024;
const TURNS = 5;
const OPEN_STREAMS = 500;

/** Where streams come from, and the access tokens to ask with, by turns. */
interface Source {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly process: ServerProcess;
}

const agent = new Agent({ connections: null, bodyTimeout: 0 });

async function open({ url, tokens }: Source, query: string, index = 0) {
  const token = tokens[index % tokens.length];
  const { statusCode, body } = await request(`${url}${query}`, {
    dispatcher: agent,
    headers: { accept: 'text/event-stream', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${await body.text()}`);
  return body;
}

/** MiB a second of a long stream: for each source the median of interleaved turns. */
export async function throughputs(sources: readonly Source[]): Promise<number[]> {
  const rates = sources.map((): number[] => []);
  // Before the first turn the code is not compiled.
  for (const source of sources) await throughput(source);
  for (let i = 0; i < TURNS; i++)
    for (const [index, source] of sources.entries()) rates[index]?.push(await throughput(source));
  return rates.map(median);
}

async function throughput(source: Source): Promise<number> {
  const begun = performance.now();
  let bytes = 0;
  for await (const chunk of await open(source, `?events=${EVENTS}`)) bytes += (chunk as Buffer).length;
  if (bytes !== EVENTS * EVENT) throw new Error(`${source.url} sent ${bytes} bytes`);
  return bytes / 1024 / 1024 / ((performance.now() - begun) / 1000);
}

/**
 * Bytes of resident memory for each open stream, without garbage. As many are opened before, and stay open, because the first
 * ones also cost what a process needs once.
 */
export async function memoryOfStream(source: Source): Promise<number> {
  const first = await openMany(source);
  await collectGarbage(source.process);
  const before = source.process.resident();
  const second = await openMany(source);
  await collectGarbage(source.process);
  const after = source.process.resident();
  for (const body of [...first, ...second]) body.on('error', () => {}).destroy();
  return (after - before) / OPEN_STREAMS;
}

/** Opens streams, and waits for the first event of each. */
function openMany(source: Source) {
  return Promise.all(
    Array.from({ length: OPEN_STREAMS }, async (_, index) => {
      const body = await open(source, '', index);
      await body[Symbol.asyncIterator]().next();
      return body;
    }),
  );
}
