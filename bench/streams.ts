/** Event streams: the throughput of a long one, and the memory of many that are open, directly and through each contestant. */
import { Agent, request } from 'undici';
import type { Contestant } from './contestant.ts';

/** Events of 8 KiB in the long stream: 64 MiB. */
const EVENTS = 8192;
const TURNS = 5;
const OPEN_STREAMS = 500;

const agent = new Agent({ connections: null, bodyTimeout: 0 });

/** @param tokens of one person each; a person may have 200 open answers at the bridge */
function open({ server }: Contestant, query: string, index = 0) {
  const tokens = server.state.accessTokens?.split(' ') ?? [];
  const token = tokens[index % tokens.length];
  return request(`${server.url}${token === undefined ? '/' : '/mcp/one'}${query}`, {
    dispatcher: agent,
    headers: { accept: 'text/event-stream', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
}

/** @returns MiB per second */
async function throughput(contestant: Contestant): Promise<number> {
  const begun = performance.now();
  const { body } = await open(contestant, `?events=${EVENTS}`);
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).length;
  if (bytes !== EVENTS * 8 * 1024) throw new Error(`${contestant.name} sent ${bytes} bytes`);
  return bytes / 1024 / 1024 / ((performance.now() - begun) / 1000);
}

/** @returns KiB of resident memory per open stream */
async function memoryOfOpenStreams(contestant: Contestant): Promise<number> {
  const before = await contestant.usage();
  const streams = await Promise.all(
    Array.from({ length: OPEN_STREAMS }, async (_, index) => {
      const { statusCode, body } = await open(contestant, '', index);
      if (statusCode !== 200) throw new Error(`${contestant.name} answered ${statusCode}`);
      const events = body[Symbol.asyncIterator]();
      await events.next();
      return body;
    }),
  );
  const after = await contestant.usage();
  for (const body of streams) body.on('error', () => {}).destroy();
  return (after.memory - before.memory) / 1024 / OPEN_STREAMS;
}

/** Measures the server behind directly, and through each contestant; prints the table. */
export async function streams(backend: Contestant, starting: Promise<Contestant>[]): Promise<void> {
  const contestants = [backend, ...(await Promise.all(starting))];
  const rates = contestants.map((): number[] => []);
  try {
    for (let i = 0; i < TURNS; i++)
      for (const [index, contestant] of contestants.entries()) rates[index]?.push(await throughput(contestant));
    process.stdout.write(`\nA stream of ${(EVENTS * 8) / 1024} MiB, and ${OPEN_STREAMS} open streams\n`);
    const medians = rates.map((values) => values.toSorted((a, b) => a - b)[Math.floor(TURNS / 2)] ?? Number.NaN);
    for (const [index, contestant] of contestants.entries()) {
      const rate = medians[index] ?? Number.NaN;
      const ratio = `${(rate / (medians[0] ?? Number.NaN)).toFixed(2)} ×`;
      const memory = (await memoryOfOpenStreams(contestant)).toFixed(0);
      process.stdout.write(
        `  ${contestant.name.padEnd(34)} ${rate.toFixed(0).padStart(8)} MiB a second ${ratio.padStart(8)} ${memory.padStart(8)} KiB a stream\n`,
      );
    }
  } finally {
    for (const { stop } of contestants.slice(1)) stop();
    await agent.destroy();
  }
}
