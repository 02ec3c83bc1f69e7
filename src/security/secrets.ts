/**
 * What `BRIDGE_SECRET` is good for: sealing (AES-256-GCM) and authenticating (HMAC-SHA-256). Each purpose has a key of
 * its own, derived with HKDF. The first secret seals and signs, every one opens and verifies, so secrets can be
 * rotated.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const SEAL_VERSION = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed value that does not open: another secret, another record, or not ours at all. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

export interface Secrets {
  /**
   * Seals a text.
   * @param identity the record it belongs to: opening it as another record fails
   */
  seal(plaintext: string, identity: string): string;
  /** @throws {SealBroken} */
  open(sealed: string, identity: string): string;
  /** Whether a sealed value is under the newest secret; otherwise it should be sealed again. */
  isCurrent(sealed: string): boolean;
  /** Authenticates bytes for one purpose. */
  sign(purpose: string, message: Uint8Array): Buffer;
  /** Whether a signature was made by {@link sign} under any of the secrets; in constant time for each. */
  verify(purpose: string, message: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * @param secrets texts of at least 32 bytes, the newest first
 */
export function createSecrets(secrets: readonly string[]): Secrets {
  const sealingKeys = secrets.map((secret) => {
    const key = derive(secret, 'seal');
    return { id: createHash('sha256').update(key).digest('base64url').slice(0, 6), key };
  });
  const [newest] = sealingKeys;
  const [newestSecret] = secrets;
  if (newest === undefined || newestSecret === undefined) throw new TypeError('at least one secret is needed');
  const signingKeys = new Map<string, Buffer[]>();
  const keysFor = (purpose: string): Buffer[] => {
    let keys = signingKeys.get(purpose);
    if (keys === undefined) {
      keys = secrets.map((secret) => derive(secret, `sign:${purpose}`));
      signingKeys.set(purpose, keys);
    }
    return keys;
  };
  const mac = (key: Buffer, message: Uint8Array): Buffer => createHmac('sha256', key).update(message).digest();

  return {
    seal: (plaintext, identity) => `${SEAL_VERSION}.${newest.id}.${encrypt(newest.key, plaintext, identity)}`,
    open(sealed, identity) {
      const [version, id, box] = sealed.split('.');
      const key = version === SEAL_VERSION ? sealingKeys.find((candidate) => candidate.id === id)?.key : undefined;
      if (key === undefined || box === undefined) throw new SealBroken('sealed under a secret that is not configured');
      return decrypt(key, box, identity);
    },
    isCurrent: (sealed) => sealed.startsWith(`${SEAL_VERSION}.${newest.id}.`),
    sign: (purpose, message) => mac(derive(newestSecret, `sign:${purpose}`), message),
    verify: (purpose, message, signature) =>
      keysFor(purpose).some((key) => {
        const expected = mac(key, message);
        return signature.length === expected.length && timingSafeEqual(signature, expected);
      }),
  };
}

/** Seals under a key that only the holder of `token` can derive: the store alone yields nothing. */
export function sealUnder(token: string, plaintext: string): string {
  return encrypt(derive(token, 'successor'), plaintext, '');
}

/** Opens what {@link sealUnder} sealed. @throws {SealBroken} */
export function openUnder(token: string, sealed: string): string {
  return decrypt(derive(token, 'successor'), sealed, '');
}

/** SHA-256 of a secret of high entropy, as the store keeps it. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Whether a presented secret is the one hashed; in constant time. */
export function matchesHash(presented: string, hash: string): boolean {
  const actual = Buffer.from(hashToken(presented));
  const expected = Buffer.from(hash);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Random bytes as base64url. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'mcp-github-bridge', purpose, 32));
}

function encrypt(key: Buffer, plaintext: string, identity: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(identity));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
}

function decrypt(key: Buffer, box: string, identity: string): string {
  const bytes = Buffer.from(box, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) throw new SealBroken('too short to be sealed');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(identity))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    throw new SealBroken('not sealed for this record, or tampered with');
  }
}
