// `npm run test:faults`: people log in, call and refresh at three replicas, while Redis, GitHub and the replicas fail by a schedule
// that is drawn from a seed. Then everything is mended, and the invariants must hold (invariants.ts).
//
//     npm run test:faults                             a random seed, two minutes of faults
//     npm run test:faults -- --seed=123 --seconds=30  this schedule, for so long

import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect, parseArgs } from 'node:util';
import { checkInvariants } from './invariants.ts';
import { type HeapMeter, openHeapMeter } from './memory.ts';
import { Model } from './model.ts';
import { Random } from './random.ts';
import { drawSchedule, type Fault, runSchedule } from './schedule.ts';
import { startWorld, type World } from './world.ts';

const PEOPLE = 16;
const MORTAL_REPLICAS = [1, 2];
/** Milliseconds between two measurements of the heap. */
const HEAP_INTERVAL = 3_000;
/** Bytes by which the heap may grow from the third quarter of the schedule to the last one. */
const HEAP_GROWTH = 2 * 1024 * 1024;
/** Milliseconds for everything around the schedule. */
const PATIENCE = 300_000;
/** Things that must have happened, or the run shows nothing. */
const NEEDED = ['logins that gave a code', 'codes raced', 'calls answered', 'refreshes answered', 'sign-outs'];

const begun = performance.now();

async function main(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: { seed: { type: 'string' }, seconds: { type: 'string', default: '120' } },
  });
  const seed = Number(values.seed ?? process.env.FAULTS_SEED ?? randomInt(2 ** 32));
  const duration = Number(values.seconds) * 1000;
  if (!Number.isInteger(seed) || !(duration > 0)) throw new Error('--seed is an integer, --seconds a number above 0');
  say(`seed ${seed}, ${duration / 1000} s; again: npm run test:faults -- --seed=${seed} --seconds=${duration / 1000}`);

  setTimeout(() => {
    say(`not done ${PATIENCE / 1000} s after the schedule; seed ${seed}`);
    process.exit(1);
  }, duration + PATIENCE).unref();
  const random = new Random(seed);
  const schedule = drawSchedule(random.fork(), { duration, people: PEOPLE, mortal: MORTAL_REPLICAS });
  const model = new Model();
  const world = await startWorld(model, random.fork(), { people: PEOPLE });
  try {
    const ending = new AbortController();
    const lives = Promise.all(world.people.map((person) => person.live(ending.signal)));
    const heap = await openHeapMeter((await world.replicas[0]?.inspector()) ?? '');
    const measured = watchHeap(heap, ending.signal);
    // A failure of a person ends the run at once, although the others are not done.
    const scheduled = runSchedule(schedule, (fault) => {
      say(describe(fault));
      return world.inject(fault);
    });
    for (const work of [scheduled, lives, measured]) work.catch(() => {}); // the first failure is the one that counts
    await Promise.race([scheduled, lives, measured]);
    await scheduled;
    ending.abort();
    await world.mend();
    say('every fault is lifted');
    await Promise.all([lives, measured]);
    judgeHeap(await measured, model);
    await checkInvariants(world, model);
    heap.close();
  } catch (error) {
    model.violation(`the run broke off: ${inspect(error)}`);
  } finally {
    await world.stop();
  }
  return report(model, world, seed);
}

/** Measures until `signal`. @returns bytes, evenly spaced in time */
async function watchHeap(heap: HeapMeter, signal: AbortSignal): Promise<number[]> {
  const sizes: number[] = [];
  while (!signal.aborted) {
    sizes.push(await heap.measure());
    await pause(HEAP_INTERVAL);
  }
  return sizes;
}

/** Compares the third quarter with the last: caches are filled by then, and each has faults. */
function judgeHeap(sizes: readonly number[], model: Model): void {
  const quarter = (index: number) => sizes.slice((sizes.length * index) / 4, (sizes.length * (index + 1)) / 4);
  const [third, last] = [median(quarter(2)), median(quarter(3))];
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  say(`heap of the replica that lived: ${sizes.map((size) => (size / 1024 / 1024).toFixed(1)).join(' ')} MB`);
  if (last - third > HEAP_GROWTH) model.violation(`the heap grew from ${megabytes(third)} to ${megabytes(last)}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function report(model: Model, world: World, seed: number): boolean {
  for (const what of NEEDED) if (!model.counts.has(what)) model.violation(`this never happened: ${what}`);
  const { violations, excused } = model.verdict();
  for (const [what, times] of [...model.counts].sort()) say(`${String(times).padStart(6)}  ${what}`);
  for (const what of excused) say(`excused, because a failover may lose the last writes: ${what}`);
  if (violations.length === 0) {
    say(`every invariant holds (seed ${seed})`);
    return true;
  }
  for (const { name, lines } of world.replicas)
    console.error([`The last lines of ${name}:`, ...lines.map((line) => line.slice(0, 300))].join('\n'));
  for (const what of violations) say(`VIOLATED: ${what}`);
  say(`${violations.length} violations; seed ${seed}`);
  return false;
}

function describe({ on, kind, ...details }: Fault): string {
  const numbers = Object.entries(details).map(([name, value]) => ` ${name} ${value}`);
  return `${on}: ${kind}${numbers.join('')}`;
}

function say(line: string): void {
  console.log(`[faults ${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s] ${line}`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
const passed = await main(process.argv.slice(2));
process.exit(passed ? 0 : 1);
