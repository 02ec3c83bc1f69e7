/**
 * Persons: the opaque tag that names one in the store and in `sid`. A person is a numeric id at one GitHub, so that the
 * demo, github.com and an Enterprise Server never mix (design decisions 9 and 18).
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Secrets } from '../security/secrets.ts';
import type { SharedStore } from '../store/store.ts';

const SALT = 'person-salt';
const TAG_BYTES = 12;

export type PersonTag = (githubId: number) => string;

/** Reads the store's salt, or makes it: tags survive a rotation of the secret. */
export async function createPersonTag(store: SharedStore, secrets: Secrets, githubUrl: string): Promise<PersonTag> {
  const { version, value } = await store.readDocument(SALT);
  let sealed = value;
  if (version === 0 || !secrets.isCurrent(value)) {
    const salt = version === 0 ? randomBytes(32).toString('base64url') : secrets.open(value, SALT);
    sealed = secrets.seal(salt, SALT);
    // Whoever else wrote in between wrote a salt that stands.
    if (!(await store.writeDocument(SALT, version, sealed))) return createPersonTag(store, secrets, githubUrl);
  }
  const salt = Buffer.from(secrets.open(sealed, SALT), 'base64url');
  return (githubId) =>
    createHmac('sha256', salt)
      .update(`${githubUrl}\n${githubId}`)
      .digest()
      .subarray(0, TAG_BYTES)
      .toString('base64url');
}
