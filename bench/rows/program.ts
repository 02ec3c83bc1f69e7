/** The program by itself: its memory after many calls, its start, and what it costs when nobody calls. */
import { stdout } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { bridgeEnvironment, startBridge, startProgram } from '../bridge.ts';
import { calling } from '../calling.ts';
import { createLab, type Lab, STORES, type StoreKind } from '../lab.ts';
import { median, turn } from '../race.ts';
import type { Row } from '../row.ts';

const CALLS = 20_000;
const STARTS = 5;
/** Milliseconds until a program that has started is idle, and for which it is then watched. */
const SETTLE = 3_000;
const WATCH = 10_000;

/** A row that measures the same of each store, one after another or at the same time. */
function ofEachStore(
  line: { name: string; unit: 'MB' | 's' | 'ms/s'; goal: { atMost: number }; together: boolean },
  measure: (lab: Lab, store: StoreKind) => Promise<number>,
): Row {
  const { together, ...rest } = line;
  return {
    names: [line.name],
    async measure(lab) {
      const values: Record<string, number> = {};
      const measuring = STORES.map((store) => async () => {
        values[store] = await measure(lab, store);
      });
      if (together) await Promise.all(measuring.map((each) => each()));
      else for (const each of measuring) await each();
      return [{ ...rest, values }];
    },
  };
}

async function residentAfterCalls(lab: Lab, store: StoreKind): Promise<number> {
  const { url, process, sessions } = await startBridge(lab, store);
  await turn(await calling({ name: store, urls: [url], processes: [process], sessions }), CALLS, 16);
  return process.resident() / 1e6;
}

/** The median in seconds; a first start, which creates the store, does not count. Prints the CPU time of each start too. */
async function secondsToStart(lab: Lab, store: StoreKind): Promise<number> {
  const env = await bridgeEnvironment(lab, store);
  const times: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i <= STARTS; i++) {
    const start = createLab();
    const begun = performance.now();
    const process = await startProgram(start, env);
    if (i > 0) {
      times.push((performance.now() - begun) / 1000);
      cpu.push(process.cpu());
    }
    await start.close();
  }
  stdout.write(`  ${store}: ${median(cpu).toFixed(0)} ms of CPU until then\n`);
  return median(times);
}

async function idleCpu(lab: Lab, store: StoreKind): Promise<number> {
  const { process } = await startBridge(lab, store);
  await pause(SETTLE);
  const before = process.cpu();
  await pause(WATCH);
  return (process.cpu() - before) / (WATCH / 1000);
}

export const program: readonly Row[] = [
  ofEachStore(
    { name: `resident memory after ${CALLS} calls`, unit: 'MB', goal: { atMost: 200 }, together: false },
    residentAfterCalls,
  ),
  ofEachStore(
    { name: 'start until the first 200 of /readyz', unit: 's', goal: { atMost: 0.35 }, together: false },
    secondsToStart,
  ),
  ofEachStore({ name: 'idle CPU', unit: 'ms/s', goal: { atMost: 1 }, together: true }, idleCpu),
];
