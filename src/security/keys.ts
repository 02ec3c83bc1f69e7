/**
 * Signing keys: generated here, stored sealed, shared by all replicas, rotated with an overlap. A new key is published
 * before it signs, and an old key stays published until the last token that it signed has expired.
 * @see RFC 7517, RFC 9068 section 2.1 (design decision 4)
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { z } from 'zod';
import type { EventBus } from '../observe/events.ts';
import type { SharedStore } from '../store/store.ts';
import type { Secrets } from './secrets.ts';

export const SIGNING_ALGORITHMS = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Seconds for which a key signs before a new one is made. */
const ROTATION_PERIOD = 90 * 86400;
/** Seconds for which a new key is published before it signs, so that every cached key set contains it. */
const PUBLISHED_AHEAD = 86400;
/** Seconds after which a replica reads the key set from the store again. */
const RELOAD_AFTER = 60;
/** Minimum seconds between two reads of the store that are caused by an unknown key id. */
const UNKNOWN_KEY_PAUSE = 5;
/** Name of the stored document with the keys. */
const DOCUMENT = 'signing-keys';

const storedKeySchema = z.object({
  kid: z.string(),
  alg: z.enum(SIGNING_ALGORITHMS),
  /** Epoch seconds. */
  createdAt: z.number(),
  /** Epoch seconds from which the key signs. */
  activeFrom: z.number(),
  jwk: z.record(z.string(), z.unknown()),
});
type StoredKey = z.infer<typeof storedKeySchema>;

/** A key that signs: a `KeyObject`, because Node imports a key of any other form at every use. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: KeyObject;
}

/** When a key was made, and from when on it signs. */
type KeyDates = Readonly<Pick<StoredKey, 'kid' | 'alg' | 'createdAt' | 'activeFrom'>>;

interface LoadedKey extends SigningKey, KeyDates {
  readonly publicKey: CryptoKey | Uint8Array;
  readonly publicJwk: JWK;
}

export interface SigningKeys {
  /** The key that signs now. */
  current(algorithm: SigningAlgorithm): Promise<SigningKey>;
  /** The public key with an id and an algorithm; undefined when there is none. */
  find(kid: string, algorithm: SigningAlgorithm): Promise<CryptoKey | Uint8Array | undefined>;
  /** The public key set (RFC 7517 section 5). */
  jwks(): Promise<{ keys: JWK[] }>;
  /** The published keys of an algorithm; each signs until the next one does. */
  list(algorithm: SigningAlgorithm): Promise<readonly KeyDates[]>;
  /**
   * Makes a new key for each algorithm.
   * @param immediately whether the new keys sign at once, instead of after a day of being published
   */
  rotate(immediately: boolean): Promise<void>;
  /**
   * Replaces all keys at once, when one has leaked: nothing that the old ones signed is accepted any more. A replica that
   * serves notices within {@link RELOAD_AFTER} seconds.
   */
  retireAll(): Promise<void>;
  /** Whether a key with this id is in the set that this process has loaded. */
  isLoaded(kid: string): boolean;
  /**
   * Makes a new key when the current one has signed for 90 days, and removes keys whose tokens have all expired. Called
   * every minute.
   */
  maintain(): Promise<void>;
}

interface SigningKeyOptions {
  readonly store: SharedStore;
  readonly secrets: Secrets;
  readonly events: EventBus;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Lifetime in seconds of the tokens that these keys sign. */
  readonly tokenTtl: number;
}

/** Creates the keys of one replica; they are read from the store at first use. */
export function createSigningKeys(options: SigningKeyOptions): SigningKeys {
  const { store, secrets, events, now } = options;
  let loaded: { keys: LoadedKey[]; at: number; order: number } | undefined;
  let loading: Promise<LoadedKey[]> | undefined;
  /** Grows with each read and each write of the document. */
  let order = 0;

  async function read(): Promise<{ order: number; version: number; keys: StoredKey[]; current: boolean }> {
    order += 1;
    const begun = order;
    const { version, value } = await store.readDocument(DOCUMENT);
    return {
      order: begun,
      version,
      keys: version === 0 ? [] : z.array(storedKeySchema).parse(JSON.parse(secrets.open(value, DOCUMENT))),
      current: version === 0 || secrets.isCurrent(value),
    };
  }

  /** Changes the stored key set by compare-and-set, and uses it. If another replica wrote first, it reads and edits again. */
  async function change(edit: (keys: StoredKey[]) => Promise<StoredKey[]>): Promise<LoadedKey[]> {
    for (;;) {
      const { order: begun, version, keys, current } = await read();
      const next = await edit(keys);
      // A set sealed with an older secret is sealed with the newest one, so that the older secret can be removed.
      if (next === keys && current) return adopt(keys, begun);
      if (!(await store.writeDocument(DOCUMENT, version, secrets.seal(JSON.stringify(next), DOCUMENT)))) continue;
      order += 1;
      for (const { alg, kid } of next.filter((key) => !keys.includes(key)))
        events.emit('keys.rotated', { algorithm: alg, kid });
      return adopt(next, order);
    }
  }

  /** Uses a stored set from now on, unless it was read before one that is used already. */
  async function adopt(stored: readonly StoredKey[], asOf: number): Promise<LoadedKey[]> {
    const known = new Map(loaded?.keys.map((key) => [key.kid, key]));
    const imported = await Promise.all(stored.map(async (key) => known.get(key.kid) ?? importKey(key)));
    if (loaded === undefined || loaded.order < asOf) loaded = { keys: imported, at: now(), order: asOf };
    return loaded.keys;
  }

  /** The key set as it should be now: a signing key per algorithm, a successor in time, no key without valid tokens. */
  async function maintained(keys: StoredKey[]): Promise<StoredKey[]> {
    const time = now();
    const fresh: StoredKey[] = [];
    const kept = keys.filter((key) => !isExpired(key, keys, time));
    for (const alg of SIGNING_ALGORITHMS) {
      const newest = byAge(kept, alg).at(-1);
      if (newest === undefined) fresh.push(await makeKey(alg, time, time));
      else if (newest.activeFrom + ROTATION_PERIOD < time) fresh.push(await makeKey(alg, time, time + PUBLISHED_AHEAD));
    }
    return fresh.length === 0 && kept.length === keys.length ? keys : [...kept, ...fresh];
  }

  /** A key has expired when its successor has signed for longer than a token's lifetime plus the publishing time. */
  function isExpired(key: StoredKey, keys: readonly StoredKey[], time: number): boolean {
    return keys.some(
      (other) =>
        other.alg === key.alg &&
        other.activeFrom > key.activeFrom &&
        other.activeFrom + options.tokenTtl + PUBLISHED_AHEAD < time,
    );
  }

  async function load(): Promise<LoadedKey[]> {
    const { keys, order: begun } = await read();
    const isComplete = SIGNING_ALGORITHMS.every((alg) => keys.some((key) => key.alg === alg));
    return isComplete ? adopt(keys, begun) : change(maintained);
  }

  /** A new key for each algorithm. @param ahead seconds after which they sign */
  function freshKeys(ahead: number): Promise<StoredKey[]> {
    const time = now();
    return Promise.all(SIGNING_ALGORITHMS.map((alg) => makeKey(alg, time, time + ahead)));
  }

  function reload(): Promise<LoadedKey[]> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function keys(): Promise<readonly LoadedKey[]> {
    if (loaded === undefined) return reload();
    reloadIfOld();
    return loaded.keys;
  }

  /** An old set is still valid, so it is reloaded in the background and the request does not wait. */
  function reloadIfOld(): void {
    if (loaded !== undefined && now() - loaded.at >= RELOAD_AFTER)
      reload().catch((error: unknown) => events.emit('store.error', { error }));
  }

  return {
    async current(algorithm) {
      const candidates = byAge(await keys(), algorithm);
      const time = now();
      // If this replica's clock is behind that of the replica which made the first key, no key is active yet. Then the
      // oldest key signs.
      const key = candidates.findLast(({ activeFrom }) => activeFrom <= time) ?? candidates[0];
      if (key === undefined) throw new Error(`no key signs ${algorithm}`);
      return key;
    },
    async find(kid, algorithm) {
      const pick = (set: readonly LoadedKey[]) =>
        set.find((key) => key.kid === kid && key.alg === algorithm)?.publicKey;
      const found = pick(await keys());
      // Another replica may have rotated the keys. The store is asked at most every 5 seconds, because anyone can send
      // tokens with invented key ids.
      if (found !== undefined || loaded === undefined || now() - loaded.at < UNKNOWN_KEY_PAUSE) return found;
      return pick(await reload());
    },
    async jwks() {
      return { keys: (await keys()).map((key) => key.publicJwk) };
    },
    list: async (algorithm) => byAge(await keys(), algorithm),
    async rotate(immediately) {
      await change(async (stored) => [...stored, ...(await freshKeys(immediately ? 0 : PUBLISHED_AHEAD))]);
    },
    async retireAll() {
      await change(() => freshKeys(0));
    },
    isLoaded(kid) {
      reloadIfOld();
      return loaded?.keys.some((key) => key.kid === kid) === true;
    },
    async maintain() {
      await change(maintained);
    },
  };
}

/** The keys of an algorithm in the order in which they sign. */
function byAge<Key extends { alg: string; activeFrom: number }>(keys: readonly Key[], alg: string): Key[] {
  return keys.filter((key) => key.alg === alg).sort((a, b) => a.activeFrom - b.activeFrom);
}

async function makeKey(alg: SigningAlgorithm, createdAt: number, activeFrom: number): Promise<StoredKey> {
  const { privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk: JsonWebKey = privateKey.export({ format: 'jwk' });
  return { kid: await calculateJwkThumbprint(publicPart(jwk)), alg, createdAt, activeFrom, jwk: { ...jwk } };
}

async function importKey({ jwk, ...identity }: StoredKey): Promise<LoadedKey> {
  const { kid, alg } = identity;
  const publicJwk: JWK = { ...publicPart(jwk), kid, alg, use: 'sig' };
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { ...identity, privateKey, publicKey: await importJWK(publicJwk, alg), publicJwk };
}

function publicPart(jwk: JsonWebKey): JWK {
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'jwk' }) as JWK;
}
