/**
 * Fetches JSON from a URL that a client supplies, with protection against server-side request forgery (SSRF): https
 * only, public IP addresses only, no redirects, a limit in bytes and in time. The IP address is checked when the socket
 * is opened, so that a host name which resolves differently the second time (DNS rebinding) cannot bypass the check.
 * @see OAuth Client ID Metadata Document draft, "Server Side Request Forgery (SSRF) Attacks" (design decision 13)
 */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Agent } from 'undici';
import { defined } from '../base/defined.ts';
import { parseJson } from '../base/json.ts';

/** Milliseconds for the whole exchange. */
const TIMEOUT = 5_000;
/** The range of IPv6 from which IANA assigns public addresses. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** The fetch was refused or failed. The message is for logs only: it tells which hosts this server can reach. */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused';
  /** Whether the host did not answer, or answered 429 or 5xx; false when it answered something that is refused. */
  readonly unreachable: boolean;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, options: { unreachable?: boolean; status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.unreachable = options.unreachable ?? false;
    this.status = options.status;
  }
}

/** A fetched document and its HTTP headers. */
export interface FetchedJson {
  /** Undefined when the document is not valid JSON. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface GuardedFetch {
  /**
   * Fetches a JSON document.
   * @param maxBytes limit of the body
   * @throws {FetchRefused} when the URL is refused, or the answer is not one of the type JSON with status 200
   */
  json(url: string, maxBytes: number): Promise<FetchedJson>;
  close(): Promise<void>;
}

/** Resolves a host name to all its addresses. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** For tests: which addresses are allowed, which certificate authority is trusted, and how names resolve. */
export interface GuardedFetchOptions {
  readonly allowAddress?: (address: string) => boolean;
  readonly ca?: string;
  readonly lookup?: LookupAll;
}

/** Whether an IP address is on the public internet, in whatever notation it is written. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // process() converts IPv4-mapped IPv6 to IPv4. 6to4, Teredo, NAT64 and similar are separate ranges, not `unicast`.
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // Outside 2000::/3 there are no public IPv6 addresses, but there are other notations of IPv4 addresses, such as
  // `::127.0.0.1` (RFC 4291 section 2.5.5.1).
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST);
}

/** Creates the fetch with its own connection pool; call `close` to end it. */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const allow = options.allowAddress ?? isPublicAddress;
  const resolve = options.lookup ?? lookupByDns();
  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const [first] = addresses;
      // If one address of several is private, the name is refused: DNS rebinding mixes public and private addresses.
      if (first === undefined || !addresses.every(({ address }) => allow(address))) {
        return callback(
          Object.assign(new FetchRefused(`${hostname} is not on the public internet`), { code: 'ENOTPUBLIC' }),
          '',
          0,
        );
      }
      if (lookupOptions.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
  /** Made at the first fetch. */
  let agent: Agent | undefined;

  return {
    async json(url, maxBytes) {
      const target = checkUrl(url, allow);
      // Loaded at the first fetch, because a start does not need it.
      const { Agent, request } = await import('undici');
      agent ??= new Agent({
        connect: { lookup, timeout: TIMEOUT, ...defined({ ca: options.ca }) },
        headersTimeout: TIMEOUT,
        bodyTimeout: TIMEOUT,
        maxResponseSize: 1024 * 1024,
        pipelining: 0,
      });
      try {
        const response = await request(target, {
          dispatcher: agent,
          headers: { accept: 'application/json' },
          signal: AbortSignal.timeout(TIMEOUT),
        });
        const refuse = (message: string) => {
          // A body that is destroyed before it is read emits an error; without a listener that would end the process.
          response.body.on('error', () => {}).destroy();
          const { statusCode: status } = response;
          return new FetchRefused(message, { status, unreachable: status === 429 || status >= 500 });
        };
        if (response.statusCode !== 200) throw refuse(`answered ${response.statusCode}`);
        const type = String(response.headers['content-type'] ?? '');
        if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type))
          throw refuse(`is ${type === '' ? 'of no type' : type}, not JSON`);
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of response.body) {
          size += (chunk as Buffer).length;
          if (size > maxBytes) throw refuse(`is larger than ${maxBytes} bytes`);
          chunks.push(chunk as Buffer);
        }
        return { body: parseJson(Buffer.concat(chunks).toString('utf8')), headers: response.headers };
      } catch (error) {
        if (error instanceof FetchRefused) throw error;
        if (error instanceof Error && error.cause instanceof FetchRefused) throw error.cause;
        throw new FetchRefused(`could not be fetched: ${error instanceof Error ? error.message : 'no answer'}`, {
          unreachable: true,
          cause: error,
        });
      }
    },
    async close() {
      await agent?.close();
    },
  };
}

/**
 * Resolves names with `dns.Resolver` instead of `dns.lookup`. `dns.lookup` blocks one of libuv's few threads until the
 * name server answers, so a slow name server of a client would delay the lookup of GitHub's name.
 */
function lookupByDns(): LookupAll {
  const resolver = new Resolver({ timeout: TIMEOUT / 2, tries: 1 });
  return (hostname, _options, callback) => {
    const asked = ([4, 6] as const).map(async (family): Promise<LookupAddress[]> => {
      const addresses = await (family === 4 ? resolver.resolve4(hostname) : resolver.resolve6(hostname));
      return addresses.map((address) => ({ address, family }));
    });
    void Promise.allSettled(asked).then((answers) => {
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      const failed = answers.find((answer) => answer.status === 'rejected')?.reason;
      if (found.length === 0 && failed instanceof Error) callback(failed, []);
      else callback(null, found);
    });
  };
}

/** Checks the URL. An IP address in the URL is checked here, because it never passes through the DNS lookup. */
function checkUrl(url: string, allow: (address: string) => boolean): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'https:') throw new FetchRefused('is not an https URL');
  if (target.username !== '' || target.password !== '') throw new FetchRefused('has user information');
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(host) && !allow(host)) throw new FetchRefused(`${host} is not on the public internet`);
  return target;
}
