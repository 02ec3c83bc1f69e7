// An https server on a free loopback port, with a self-signed certificate.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Listening } from './listen.ts';

/** Why such a server cannot be started here; false when it can. */
export const NO_OPENSSL: string | false = hasOpenssl() ? false : 'openssl is not installed';

/** @param directory for the key and the certificate */
export async function listenWithOwnCertificate(
  directory: string,
  listener: RequestListener,
): Promise<Listening & { readonly certificate: string }> {
  const { key, certificate } = makeCertificate(directory);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    certificate,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Makes a key and a self-signed certificate for localhost. @returns the paths of both */
export function makeCertificate(directory: string): { key: string; certificate: string } {
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' });
  return { key, certificate };
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
