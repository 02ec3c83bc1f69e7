/**
 * Fetching what a stranger names: https only, public addresses only and pinned at connect, no redirects, bounded in
 * bytes and time. The address is checked where the socket is opened, so a name that resolves anew (DNS rebinding) gains
 * nothing.
 * @see Client ID Metadata Document draft, section on SSRF; RFC 9700 section 4.17
 */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, request } from 'undici';
import { defined } from '../base/defined.ts';
import { parseJson } from '../base/json.ts';

/** Milliseconds for the whole exchange. */
const TIMEOUT = 5_000;
/** All that IANA gives out of IPv6. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** The fetch was refused or failed; the message is for logs and for the developer of the client. */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused';
  /** Whether the host failed to answer, rather than answering wrongly. */
  readonly unreachable: boolean;
  readonly status: number | undefined;

  constructor(message: string, options: { unreachable?: boolean; status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.unreachable = options.unreachable ?? false;
    this.status = options.status;
  }
}

export interface FetchedJson {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface GuardedFetch {
  /**
   * Fetches a JSON document.
   * @param maxBytes of its body
   * @throws {FetchRefused}
   */
  json(url: string, maxBytes: number): Promise<FetchedJson>;
  close(): Promise<void>;
}

/** How a name becomes addresses, all of them. */
export type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** For tests: which addresses are taken, which authorities are trusted, and how names resolve. */
export interface GuardedFetchOptions {
  readonly allowAddress?: (address: string) => boolean;
  readonly ca?: string;
  readonly lookup?: LookupAll;
}

/** Whether an address is on the public internet, whatever form it is written in. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // process() unwraps v4-mapped IPv6; 6to4, Teredo, NAT64 and the like are ranges of their own, none of them unicast.
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // Outside 2000::/3 IPv6 gives no public addresses, but ways to write others (`::127.0.0.1`, RFC 4291 section
  // 2.5.5.1).
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST);
}

export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const allow = options.allowAddress ?? isPublicAddress;
  const resolve = options.lookup ?? lookupByDns();
  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    resolve(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const [first] = addresses;
      // One private address among public ones is a rebinding in the making: none is taken.
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
  const agent = new Agent({
    connect: { lookup, timeout: TIMEOUT, ...defined({ ca: options.ca }) },
    headersTimeout: TIMEOUT,
    bodyTimeout: TIMEOUT,
    maxResponseSize: 1024 * 1024,
    pipelining: 0,
  });

  return {
    async json(url, maxBytes) {
      const target = checkUrl(url, allow);
      try {
        const response = await request(target, {
          dispatcher: agent,
          headers: { accept: 'application/json' },
          signal: AbortSignal.timeout(TIMEOUT),
        });
        const refuse = (message: string) => {
          // Given up unread, the body emits an error, which unheard would end the process.
          response.body.on('error', () => {}).destroy();
          return new FetchRefused(message, { status: response.statusCode, unreachable: response.statusCode >= 500 });
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
        return { body: parse(Buffer.concat(chunks).toString('utf8')), headers: response.headers };
      } catch (error) {
        if (error instanceof FetchRefused) throw error;
        if (error instanceof Error && error.cause instanceof FetchRefused) throw error.cause;
        throw new FetchRefused(`could not be fetched: ${error instanceof Error ? error.message : 'no answer'}`, {
          unreachable: true,
          cause: error,
        });
      }
    },
    close: () => agent.close(),
  };
}

/**
 * Asks DNS without `dns.lookup`, which holds one of two threads for as long as a stranger's name server likes: GitHub's
 * name would wait behind it.
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

/** A literal address never meets the lookup, so it is checked here. */
function checkUrl(url: string, allow: (address: string) => boolean): URL {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'https:') throw new FetchRefused('is not an https URL');
  if (target.username !== '' || target.password !== '') throw new FetchRefused('has user information');
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(host) && !allow(host)) throw new FetchRefused(`${host} is not on the public internet`);
  return target;
}

function parse(text: string): unknown {
  const value = parseJson(text);
  if (value === undefined) throw new FetchRefused('is not valid JSON');
  return value;
}
