/**
 * Parses `REDIS_URL`: one server, Sentinel or Cluster. ../README.md lists the forms. An error message never repeats the
 * address, because it may contain a password.
 */
import { defined } from '../../base/defined.ts';

/** The address of one server. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** The content of `REDIS_URL`. */
export interface RedisLocation {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  readonly addresses: readonly Address[];
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** Sentinel's name of the primary. */
  readonly masterName?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
}

/** `REDIS_URL` cannot be parsed. */
class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

const FORM = /^(rediss?)(?:-(sentinel|cluster))?:\/\/(?:(.*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/**
 * Parses an address of Redis.
 * @throws {RedisUrlError} with a message that says what to write
 */
export function parseRedisUrl(url: string): RedisLocation {
  const [, scheme, topology, user, hosts = '', path = '', query = ''] = FORM.exec(url) ?? [];
  if (scheme === undefined)
    throw new RedisUrlError('not an address of Redis; write for example redis://127.0.0.1:6379');
  const kind = topology === 'sentinel' || topology === 'cluster' ? topology : 'single';
  const addresses = hosts.split(',').map((host) => parseAddress(host, kind === 'sentinel' ? 26379 : 6379));
  if (kind === 'single' && addresses.length > 1)
    throw new RedisUrlError('names several servers; write redis-cluster:// or redis-sentinel:// for those');
  const [username, password] = parseCredentials(user);
  const segments = path.split('/').filter((segment) => segment !== '');
  const masterName = kind === 'sentinel' ? segments.shift() : undefined;
  if (kind === 'sentinel' && masterName === undefined)
    throw new RedisUrlError('does not name the primary; write redis-sentinel://host:26379/name');
  const [db = '0', ...rest] = segments;
  if (!/^\d{1,4}$/.test(db) || rest.length > 0)
    throw new RedisUrlError('must end in the number of a database, like /0');
  if (kind === 'cluster' && db !== '0')
    throw new RedisUrlError('names a database, but Redis Cluster has only database 0');
  return {
    kind,
    tls: scheme === 'rediss',
    addresses,
    db: Number(db),
    ...defined({
      username: username || undefined,
      password: password || undefined,
      masterName: masterName === undefined ? undefined : decode(masterName),
    }),
    ...parseQuery(query, kind),
  };
}

function parseAddress(text: string, defaultPort: number): Address {
  const [, v6, name, port] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const host = v6 ?? name;
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65535) throw new RedisUrlError('has a host that is not host:port');
  return { host, port: number };
}

function parseCredentials(text: string | undefined): [string | undefined, string | undefined] {
  if (text === undefined) return [undefined, undefined];
  const colon = text.indexOf(':');
  return colon === -1 ? [decode(text), undefined] : [decode(text.slice(0, colon)), decode(text.slice(colon + 1))];
}

function parseQuery(query: string, kind: RedisLocation['kind']) {
  const parameters = Object.fromEntries(new URLSearchParams(query));
  const { sentinelUsername, sentinelPassword, ...unknown } = parameters;
  const [foreign] = Object.keys(kind === 'sentinel' ? unknown : parameters);
  if (foreign !== undefined)
    throw new RedisUrlError(`has a parameter ${JSON.stringify(foreign)} that means nothing here`);
  return defined({
    sentinelUsername: sentinelUsername || undefined,
    sentinelPassword: sentinelPassword || undefined,
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError('has a % that encodes nothing; write % itself as %25');
  }
}
