/**
 * A store belongs to one GitHub: its tokens are that server's, and its ids mean that server's accounts. With another
 * `GITHUB_URL` the tokens of one server would be sent to another, so such a store is refused at start.
 */
import { ForeignStore } from '../security/canary.ts';
import type { SharedStore } from '../store/store.ts';

const DOCUMENT = 'github-url';

/**
 * Checks that the store belongs to this GitHub; a store that belongs to none yet does from now on.
 * @throws {ForeignStore}
 */
export async function bindStore(store: SharedStore, githubUrl: string): Promise<void> {
  const { version } = await checkStoreOrigin(store, githubUrl);
  // Another process may have bound it in between, perhaps to another GitHub.
  if (version === 0 && !(await store.writeDocument(DOCUMENT, 0, githubUrl))) await bindStore(store, githubUrl);
}

/** Checks that the store belongs to this GitHub or to none, and writes nothing. @throws {ForeignStore} */
export async function checkStoreOrigin(store: SharedStore, githubUrl: string): Promise<{ version: number }> {
  const { version, value } = await store.readDocument(DOCUMENT);
  if (version !== 0 && value !== githubUrl)
    throw new ForeignStore(
      'GITHUB_URL',
      `${githubUrl}, and the store holds tokens of ${value}`,
      'Set it to what it was, or name another store (DATA_DIR, REDIS_URL).',
    );
  return { version };
}
