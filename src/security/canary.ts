/**
 * The canaries: a known text, sealed in the store with each secret that sealed anything there. At the start the bridge
 * opens them. If one does not open, the store was created with a secret that is not configured, and the start fails
 * with one clear message instead of many unreadable records later.
 */
import { z } from 'zod';
import { SettingError } from '../base/setting-error.ts';
import type { SharedStore } from '../store/store.ts';
import { SealBroken, type Secrets } from './secrets.ts';

/** Name of the stored document with the canaries. */
const DOCUMENT = 'canaries';
/** The text that is sealed; its content does not matter. */
const CANARY_TEXT = 'mcp-github-bridge';
const canariesSchema = z.array(z.object({ sealed: z.string(), supersededAt: z.number().optional() }));
type Canaries = z.infer<typeof canariesSchema>;

/** The store was made under another setting, which what it holds depends on. Problem and remedy are for the operator. */
export class ForeignStore extends SettingError {
  override readonly name = 'ForeignStore';
}

/**
 * Checks that the configured secrets can open everything in the store, and stores a canary of the newest secret.
 * @param now epoch seconds
 * @param keep seconds after which no record sealed with a superseded secret can exist any more
 * @throws {ForeignStore} when a canary does not open
 */
export async function checkCanaries(store: SharedStore, secrets: Secrets, now: number, keep: number): Promise<void> {
  const { version, all, needed } = await readCanaries(store, secrets, now, keep);
  const current = needed.some(({ sealed }) => secrets.isCurrent(sealed));
  if (current && needed.length === all.length) return;
  const after: Canaries = current
    ? needed
    : [...needed.map((canary) => ({ supersededAt: now, ...canary })), { sealed: secrets.seal(CANARY_TEXT, DOCUMENT) }];
  // If another replica wrote first, its canaries are checked too.
  if (!(await store.writeDocument(DOCUMENT, version, JSON.stringify(after))))
    await checkCanaries(store, secrets, now, keep);
}

/**
 * Checks the same, and writes nothing.
 * @param now epoch seconds
 * @param keep seconds after which no record sealed with a superseded secret can exist any more
 * @returns all stored canaries, and those among them that are not older than `keep`
 * @throws {ForeignStore} when a canary does not open
 */
export async function readCanaries(
  store: Pick<SharedStore, 'readDocument'>,
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
        throw new ForeignStore(
          'BRIDGE_SECRET',
          'not the one under which the store was made',
          'Set it to what it was, or to "new,old" to rotate it; or name another store (DATA_DIR, REDIS_URL).',
        );
      throw error;
    }
  }
  return { version, all, needed };
}
