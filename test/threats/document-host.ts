// A host of client metadata documents: a real HTTPS server on loopback under names that only the test resolves, with a
// certificate of an authority that only the test trusts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuardedFetchOptions, LookupAll } from '../../src/security/guarded-fetch.ts';

export const HOST = 'client.example';
/** The loopback address that plays a public one. */
export const PUBLIC = '127.0.0.1';
/** The loopback address that plays a private one. */
export const PRIVATE = '127.0.0.2';

/** Answers the requests of a path. */
export type Answer = RequestListener;

export interface DocumentHost {
  /** `https://client.example:PORT` */
  readonly origin: string;
  /** Every request that arrived, by address and path. */
  readonly requests: string[];
  /** The address of every connection that was opened. */
  readonly connections: string[];
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  answer(path: string, answer: Answer): void;
  /** Answers with a JSON document. */
  serve(path: string, document: unknown, headers?: Record<string, string>): void;
  /** The addresses of every name from now on: one array for each lookup, the last one for all that follow. */
  resolveTo(...answers: readonly (readonly string[])[]): void;
  /** For the guarded fetch: trusts this host's certificate, resolves by {@link resolveTo}, and accepts `PUBLIC` only. */
  readonly fetch: GuardedFetchOptions & { readonly ca: string };
  close(): Promise<void>;
}

export async function startDocumentHost(): Promise<DocumentHost> {
  const { key, cert } = selfSigned();
  const answers = new Map<string, Answer>();
  const requests: string[] = [];
  const connections: string[] = [];
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  let resolutions: (readonly string[])[] = [[PUBLIC]];

  const listener: RequestListener = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'https://x');
    requests.push(`${request.socket.localAddress} ${pathname}`);
    const answer = answers.get(pathname);
    if (answer === undefined) response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    else answer(request, response);
  };
  let port = 0;
  for (const address of [PUBLIC, PRIVATE]) {
    const server = createServer({ key, cert }, listener);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      connections.push(socket.localAddress ?? '');
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => {}); // the tests make the guarded fetch break the connection
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }

  const lookup: LookupAll = (_hostname, _options, callback) => {
    const [next = [], ...rest] = resolutions;
    if (rest.length > 0) resolutions = rest;
    callback(
      null,
      next.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return {
    origin: `https://${HOST}:${port}`,
    requests,
    connections,
    sockets,
    answer: (path, answer) => void answers.set(path, answer),
    serve(path, document, headers = {}) {
      answers.set(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers });
        response.end(typeof document === 'string' ? document : JSON.stringify(document));
      });
    },
    resolveTo(...next) {
      resolutions = [...next];
    },
    fetch: {
      ca: cert,
      allowAddress: (address) => address === PUBLIC,
      lookup,
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-ca-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const names = `DNS:${HOST},DNS:other.example,IP:${PUBLIC},IP:${PRIVATE}`;
  try {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=test', '-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile],
      ],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
