/**
 * What `BRIDGE_SECRET` is used for: sealing (AES-256-GCM) and signing (HMAC-SHA-256). Each purpose has its own key,
 * derived with HKDF. The first secret seals and signs, every configured secret opens and verifies, so that secrets can
 * be rotated (design decision 5). Also hashes and random tokens.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

const SEAL_VERSION = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed value does not open: it was sealed with another secret or for another record, or it was changed. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

export interface Secrets {
  /**
   * Encrypts a text with the newest secret.
   * @param identity the record that the value belongs to; it opens only with the same identity
   */
  seal(plaintext: string, identity: string): string;
  /** Decrypts what {@link seal} made. @throws {SealBroken} */
  open(sealed: string, identity: string): string;
  /** Whether a value was sealed with the newest secret; if not, it should be sealed again. */
  isCurrent(sealed: string): boolean;
  /** An HMAC of the message, with the key of one purpose; 32 bytes. */
  sign(purpose: string, message: Uint8Array): Buffer;
  /** Whether {@link sign} made the signature with any of the secrets. The comparison takes constant time. */
  verify(purpose: string, message: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * Derives the sealing keys.
 * @param secrets texts of at least 32 bytes, the newest first
 * @throws {TypeError} when there is none
 */
export function createSecrets(secrets: readonly string[]): Secrets {
  const sealingKeys = secrets.map((secret) => {
    const key = derive(secret, 'seal');
    const id = hash('sha256', key, 'base64url').slice(0, 6);
    // Node imports a key that is a Buffer at every use.
    return { id, key: createSecretKey(key) };
  });
  const [newest] = sealingKeys;
  const [newestSecret] = secrets;
  if (newest === undefined || newestSecret === undefined) throw new TypeError('at least one secret is needed');
  const signingKeys = new Map<string, [KeyObject, ...KeyObject[]]>();
  /** The key of each secret, the newest first. */
  const keysFor = (purpose: string): [KeyObject, ...KeyObject[]] => {
    let keys = signingKeys.get(purpose);
    if (keys === undefined) {
      const keyOf = (secret: string) => createSecretKey(derive(secret, `sign:${purpose}`));
      keys = [keyOf(newestSecret), ...secrets.slice(1).map(keyOf)];
      signingKeys.set(purpose, keys);
    }
    return keys;
  };
  const mac = (key: KeyObject, message: Uint8Array): Buffer => createHmac('sha256', key).update(message).digest();

  return {
    seal: (plaintext, identity) => `${SEAL_VERSION}.${newest.id}.${encrypt(newest.key, plaintext, identity)}`,
    open(sealed, identity) {
      const [version, id, box] = sealed.split('.');
      const key = version === SEAL_VERSION ? sealingKeys.find((candidate) => candidate.id === id)?.key : undefined;
      if (key === undefined || box === undefined) throw new SealBroken('sealed under a secret that is not configured');
      return decrypt(key, box, identity);
    },
    isCurrent: (sealed) => sealed.startsWith(`${SEAL_VERSION}.${newest.id}.`),
    sign: (purpose, message) => mac(keysFor(purpose)[0], message),
    verify: (purpose, message, signature) =>
      keysFor(purpose).some((key) => {
        const expected = mac(key, message);
        return signature.length === expected.length && timingSafeEqual(signature, expected);
      }),
  };
}

/**
 * Seals with a key derived from `token`, so that the store alone is not enough to open the value.
 * @param token at least 128 random bits, of which the store has only the {@link hashToken}
 */
export function sealUnder(token: string, plaintext: string): string {
  return encrypt(keyUnder(token), plaintext, '');
}

/** Opens what {@link sealUnder} sealed. @throws {SealBroken} */
export function openUnder(token: string, sealed: string): string {
  return decrypt(keyUnder(token), sealed, '');
}

/**
 * The sealing key of a token: the first step of HKDF, which is enough for one key of 32 bytes. The token is the message of
 * the HMAC, not its key: a key of more than 64 bytes counts as its SHA-256, and that is in the store.
 * @see RFC 5869 section 2.2, RFC 2104 section 2
 */
function keyUnder(token: string): KeyObject {
  return createSecretKey(createHmac('sha256', 'successor').update(token).digest());
}

/** SHA-256 of a random token, as base64url; the store keeps only this (design decision 5). */
export function hashToken(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Whether `hash` is the hash of the presented secret. The comparison takes constant time. */
export function matchesHash(presented: string, hash: string): boolean {
  const actual = Buffer.from(hashToken(presented));
  const expected = Buffer.from(hash);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** A random id of 128 bits, as base64url: 22 characters. */
export function randomId(): string {
  return randomToken(16);
}

/** Whether a text has the form of a {@link randomId}; others need not be looked up. */
export function isRandomId(text: string): boolean {
  return /^[A-Za-z0-9_-]{22}$/.test(text);
}

/** A random token of `bytes` bytes, as base64url. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'mcp-github-bridge', purpose, 32));
}

function encrypt(key: KeyObject, plaintext: string, identity: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(identity));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
}

function decrypt(key: KeyObject, box: string, identity: string): string {
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
