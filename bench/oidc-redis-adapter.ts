/**
 * The storage adapter of oidc-provider for Redis, after the one in its documentation: a hash for what can be consumed, a
 * string for the rest, and a list of the keys of each grant.
 * @see https://github.com/panva/node-oidc-provider/blob/main/example/adapters/redis.js
 */
import type { Redis } from 'ioredis';
import type { Adapter, AdapterPayload } from 'oidc-provider';

const CONSUMABLE = new Set(['AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);
const GRANTABLE = new Set([...CONSUMABLE, 'AccessToken']);

const grantKey = (id: string) => `oidc:grant:${id}`;
const uidKey = (uid: string) => `oidc:uid:${uid}`;
const userCodeKey = (userCode: string) => `oidc:userCode:${userCode}`;

/** Creates the factory of adapters, one for each kind of record. */
export function createRedisAdapter(redis: Redis): (name: string) => Adapter {
  return (name) => {
    const keyOf = (id: string) => `oidc:${name}:${id}`;

    async function find(id: string): Promise<AdapterPayload | undefined> {
      if (!CONSUMABLE.has(name)) {
        const text = await redis.get(keyOf(id));
        return text === null ? undefined : JSON.parse(text);
      }
      const { payload, ...rest } = await redis.hgetall(keyOf(id));
      return payload === undefined ? undefined : { ...rest, ...JSON.parse(payload) };
    }
    async function findThrough(index: string): Promise<AdapterPayload | undefined> {
      const id = await redis.get(index);
      return id === null ? undefined : find(id);
    }

    return {
      find,
      findByUid: (uid) => findThrough(uidKey(uid)),
      findByUserCode: (userCode) => findThrough(userCodeKey(userCode)),
      async upsert(id, payload, expiresIn) {
        const key = keyOf(id);
        const text = JSON.stringify(payload);
        const multi = redis.multi();
        if (CONSUMABLE.has(name)) multi.hset(key, { payload: text });
        else multi.set(key, text);
        if (expiresIn) multi.expire(key, expiresIn);
        if (GRANTABLE.has(name) && payload.grantId !== undefined) {
          const grant = grantKey(payload.grantId);
          multi.rpush(grant, key);
          // The list must live as long as its youngest token.
          if (expiresIn && expiresIn > (await redis.ttl(grant))) multi.expire(grant, expiresIn);
        }
        for (const index of [payload.uid && uidKey(payload.uid), payload.userCode && userCodeKey(payload.userCode)]) {
          if (!index) continue;
          multi.set(index, id);
          if (expiresIn) multi.expire(index, expiresIn);
        }
        await multi.exec();
      },
      async consume(id) {
        await redis.hset(keyOf(id), 'consumed', Math.floor(Date.now() / 1000));
      },
      async destroy(id) {
        await redis.del(keyOf(id));
      },
      async revokeByGrantId(grantId) {
        const keys = await redis.lrange(grantKey(grantId), 0, -1);
        await redis.del(...keys, grantKey(grantId));
      },
    };
  };
}
