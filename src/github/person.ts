/**
 * The opaque tag that identifies a person in the store and in the claim `sid`. A person is a numeric account id at one
 * GitHub, so that people of the demo, github.com and an Enterprise Server never mix (design decision 9). The tag is
 * also the hash tag in Redis Cluster (design decision 18).
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Secrets } from '../security/secrets.ts';
import type { SharedStore } from '../store/store.ts';

/** Name of the stored document with the sealed key of the HMAC. */
const SALT = 'person-salt';
const TAG_BYTES = 12;

/** Computes the tag of a GitHub account id: 16 characters of base64url. */
export type PersonTag = (githubId: number) => string;

/**
 * Reads the salt from the store, or creates it. Because the salt does not depend on `BRIDGE_SECRET`, tags stay the same
 * when that secret is rotated.
 */
export async function createPersonTag(store: SharedStore, secrets: Secrets, githubUrl: string): Promise<PersonTag> {
  const { version, value } = await store.readDocument(SALT);
  let sealed = value;
  if (version === 0 || !secrets.isCurrent(value)) {
    const salt = version === 0 ? randomBytes(32).toString('base64url') : secrets.open(value, SALT);
    sealed = secrets.seal(salt, SALT);
    // If another replica wrote first, its salt is read and used.
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
