/**
 * The canary: a value sealed in the store under each secret in use. A store made under a secret that is not configured
 * is refused at start, before anything in it is found unreadable one by one.
 */
import { z } from 'zod';
import type { SharedStore } from '../store/store.ts';
import { SealBroken, type Secrets } from './secrets.ts';

const DOCUMENT = 'canaries';
const SONG = 'mcp-github-bridge';
const canariesSchema = z.array(z.object({ sealed: z.string(), supersededAt: z.number().optional() }));
type Canaries = z.infer<typeof canariesSchema>;

/** The store was made under another setting, which what it holds depends on. The message is for the operator. */
export class ForeignStore extends Error {
  override readonly name = 'ForeignStore';
  readonly setting: 'BRIDGE_SECRET' | 'GITHUB_URL';

  constructor(setting: ForeignStore['setting'], message: string) {
    super(message);
    this.setting = setting;
  }
}

/**
 * Checks that everything in the store can be opened, and leaves a canary of the newest secret.
 * @param keep seconds after which nothing sealed under a superseded secret can be left
 * @throws {ForeignStore}
 */
export async function checkCanaries(store: SharedStore, secrets: Secrets, now: number, keep: number): Promise<void> {
  const { version, all, needed } = await readCanaries(store, secrets, now, keep);
  const current = needed.some(({ sealed }) => secrets.isCurrent(sealed));
  if (current && needed.length === all.length) return;
  const after: Canaries = current
    ? needed
    : [...needed.map((canary) => ({ supersededAt: now, ...canary })), { sealed: secrets.seal(SONG, DOCUMENT) }];
  // Whoever wrote in between is checked against as well.
  if (!(await store.writeDocument(DOCUMENT, version, JSON.stringify(after))))
    await checkCanaries(store, secrets, now, keep);
}

/**
 * Checks that everything in the store can be opened, and writes nothing.
 * @param keep seconds after which nothing sealed under a superseded secret can be left
 * @throws {ForeignStore}
 */
export async function readCanaries(
  store: SharedStore,
  secrets: Secrets,
  now: number,
  keep: number,
): Promise<{ version: number; all: Canaries; needed: Canaries }> {
  const { version, value } = await store.readDocument(DOCUMENT);
  const all: Canaries = version === 0 ? [] : canariesSchema.parse(JSON.parse(value));
  const needed = all.filter(({ supersededAt }) => supersededAt === undefined || supersededAt + keep > now);
  for (const { sealed } of needed) {
    try {
      secrets.open(sealed, DOCUMENT);
    } catch (error) {
      if (error instanceof SealBroken)
        throw new ForeignStore('BRIDGE_SECRET', 'the store was made under another BRIDGE_SECRET');
      throw error;
    }
  }
  return { version, all, needed };
}
