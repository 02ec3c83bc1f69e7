/**
 * Signing keys: made here, kept sealed in the store, shared by all replicas, rotated with overlap. A new key is
 * published before it signs, and an old one stays published until the last token it signed has expired.
 * @see RFC 7517, RFC 9068 section 2.1
 */
import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { z } from 'zod';
import type { EventBus } from '../observe/events.ts';
import type { SharedStore } from '../store/store.ts';
import type { Secrets } from './secrets.ts';

const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Seconds for which a key signs. */
const ROTATION_PERIOD = 90 * 86400;
/** Seconds for which a new key is published before it signs, so that every cached key set knows it. */
const PUBLISHED_AHEAD = 86400;
/** Seconds after which a replica reads the set again. */
const RELOAD_AFTER = 60;
/** Seconds between two reads caused by a key id nobody knows. */
const UNKNOWN_KEY_PAUSE = 5;
const DOCUMENT = 'signing-keys';

const storedKeySchema = z.object({
  kid: z.string(),
  alg: z.enum(SIGNING_ALGORITHMS),
  createdAt: z.number(),
  activeFrom: z.number(),
  jwk: z.record(z.string(), z.unknown()),
});
type StoredKey = z.infer<typeof storedKeySchema>;

interface LoadedKey extends Omit<StoredKey, 'jwk'> {
  readonly privateKey: CryptoKey | Uint8Array;
  readonly publicKey: CryptoKey | Uint8Array;
  readonly publicJwk: JWK;
}

export interface SigningKeys {
  /** The key that signs now. */
  current(algorithm: SigningAlgorithm): Promise<{ kid: string; privateKey: CryptoKey | Uint8Array }>;
  /** The public key of an id, if it is of that algorithm; undefined when there is none. */
  find(kid: string, algorithm: SigningAlgorithm): Promise<CryptoKey | Uint8Array | undefined>;
  /** The public key set (RFC 7517 section 5). */
  jwks(): Promise<{ keys: JWK[] }>;
  /** Makes new keys; they sign once they have been published long enough, or at once. */
  rotate(immediately: boolean): Promise<void>;
  /**
   * Makes a new key when the current one has signed long enough, and drops keys nobody needs; called by the sweeper.
   */
  maintain(): Promise<void>;
}

interface SigningKeyOptions {
  readonly store: SharedStore;
  readonly secrets: Secrets;
  readonly events: EventBus;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Seconds for which tokens live that these keys sign. */
  readonly tokenTtl: number;
}

export function createSigningKeys(options: SigningKeyOptions): SigningKeys {
  const { store, secrets, events, now } = options;
  let loaded: { keys: LoadedKey[]; at: number } | undefined;
  let loading: Promise<LoadedKey[]> | undefined;

  async function read(): Promise<{ version: number; keys: StoredKey[]; current: boolean }> {
    const { version, value } = await store.readDocument(DOCUMENT);
    return {
      version,
      keys: version === 0 ? [] : z.array(storedKeySchema).parse(JSON.parse(secrets.open(value, DOCUMENT))),
      current: version === 0 || secrets.isCurrent(value),
    };
  }

  /** Reads the set, changes it, and writes it unless somebody else did in between; then it is read again. */
  async function change(edit: (keys: StoredKey[]) => Promise<StoredKey[]>): Promise<StoredKey[]> {
    for (;;) {
      const { version, keys, current } = await read();
      const next = await edit(keys);
      // What an older secret sealed is sealed anew, so that the secret can be retired.
      if (next === keys && current) return keys;
      if (await store.writeDocument(DOCUMENT, version, secrets.seal(JSON.stringify(next), DOCUMENT))) return next;
    }
  }

  /** What the set should be now: one key an algorithm that signs, successors in time, no key past its tokens. */
  async function maintained(keys: StoredKey[]): Promise<StoredKey[]> {
    const time = now();
    const fresh: StoredKey[] = [];
    const kept = keys.filter((key) => !isExpired(key, keys, time));
    for (const alg of SIGNING_ALGORITHMS) {
      const newest = newestOf(kept, alg);
      if (newest === undefined) fresh.push(await makeKey(alg, time, time));
      else if (newest.activeFrom + ROTATION_PERIOD < time) fresh.push(await makeKey(alg, time, time + PUBLISHED_AHEAD));
    }
    for (const key of fresh) events.emit('keys.rotated', { algorithm: key.alg, kid: key.kid });
    return fresh.length === 0 && kept.length === keys.length ? keys : [...kept, ...fresh];
  }

  /** A key is done when its successor has signed for longer than a token lives. */
  function isExpired(key: StoredKey, keys: readonly StoredKey[], time: number): boolean {
    return keys.some(
      (other) =>
        other.alg === key.alg &&
        other.activeFrom > key.activeFrom &&
        other.activeFrom + options.tokenTtl + PUBLISHED_AHEAD < time,
    );
  }

  async function load(): Promise<LoadedKey[]> {
    let { keys } = await read();
    if (SIGNING_ALGORITHMS.some((alg) => newestOf(keys, alg) === undefined)) keys = await change(maintained);
    const known = new Map(loaded?.keys.map((key) => [key.kid, key]));
    const imported = await Promise.all(keys.map(async (key) => known.get(key.kid) ?? importKey(key)));
    loaded = { keys: imported, at: now() };
    return imported;
  }

  function reload(): Promise<LoadedKey[]> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function keys(): Promise<readonly LoadedKey[]> {
    if (loaded === undefined) return reload();
    // A set grown old is renewed beside the request, not before it; it is still good.
    if (now() - loaded.at >= RELOAD_AFTER) reload().catch((error: unknown) => events.emit('store.error', { error }));
    return loaded.keys;
  }

  return {
    async current(algorithm) {
      const candidates = (await keys()).filter((key) => key.alg === algorithm);
      const time = now();
      // A clock that runs behind the one that made the first key finds none active yet: that key signs all the same.
      const active = candidates.filter((key) => key.activeFrom <= time);
      const key = active.length > 0 ? newestOf(active, algorithm) : oldestOf(candidates);
      if (key === undefined) throw new Error(`no key signs ${algorithm}`);
      return key;
    },
    async find(kid, algorithm) {
      const pick = (set: readonly LoadedKey[]) =>
        set.find((key) => key.kid === kid && key.alg === algorithm)?.publicKey;
      const found = pick(await keys());
      // Another replica may have rotated since; asked rarely, because strangers choose key ids.
      if (found !== undefined || loaded === undefined || now() - loaded.at < UNKNOWN_KEY_PAUSE) return found;
      return pick(await reload());
    },
    async jwks() {
      return { keys: (await keys()).map((key) => key.publicJwk) };
    },
    async rotate(immediately) {
      await change(async (stored) => {
        const time = now();
        const fresh = await Promise.all(
          SIGNING_ALGORITHMS.map((alg) => makeKey(alg, time, immediately ? time : time + PUBLISHED_AHEAD)),
        );
        for (const key of fresh) events.emit('keys.rotated', { algorithm: key.alg, kid: key.kid });
        return [...stored, ...fresh];
      });
      await reload();
    },
    async maintain() {
      await change(maintained);
      await reload();
    },
  };
}

function newestOf<Key extends { alg: string; activeFrom: number }>(keys: readonly Key[], alg: string): Key | undefined {
  return keys
    .filter((key) => key.alg === alg)
    .reduce<Key | undefined>((a, b) => (a === undefined || b.activeFrom >= a.activeFrom ? b : a), undefined);
}

function oldestOf<Key extends { activeFrom: number }>(keys: readonly Key[]): Key | undefined {
  return keys.reduce<Key | undefined>((a, b) => (a === undefined || b.activeFrom < a.activeFrom ? b : a), undefined);
}

async function makeKey(alg: SigningAlgorithm, createdAt: number, activeFrom: number): Promise<StoredKey> {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk: JsonWebKey = privateKey.export({ format: 'jwk' });
  return { kid: await calculateJwkThumbprint(publicPart(jwk)), alg, createdAt, activeFrom, jwk: { ...jwk } };
}

async function importKey(key: StoredKey): Promise<LoadedKey> {
  const publicJwk: JWK = { ...publicPart(key.jwk), kid: key.kid, alg: key.alg, use: 'sig' };
  const [privateKey, publicKey] = await Promise.all([importJWK(key.jwk, key.alg), importJWK(publicJwk, key.alg)]);
  return {
    kid: key.kid,
    alg: key.alg,
    createdAt: key.createdAt,
    activeFrom: key.activeFrom,
    privateKey,
    publicKey,
    publicJwk,
  };
}

function publicPart(jwk: JsonWebKey): JWK {
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'jwk' }) as JWK;
}
