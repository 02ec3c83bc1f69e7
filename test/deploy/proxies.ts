// The examples of proxies in deploy/, run as they are: Caddy with its environment, nginx with the lines changed that each operator
// changes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/ports.ts';
import { proxyProgram } from '../support/system.ts';
import { makeCertificate } from '../support/tls.ts';
import { until } from '../support/until.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));

export const PROXIES = ['caddy', 'nginx'] as const;
export type ProxyName = (typeof PROXIES)[number];

export interface Proxy {
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Why a proxy cannot be run here; false when it can. */
export function whyNot(name: ProxyName): string | false {
  const packages = { caddy: 'caddy', nginx: 'nginx-light' };
  return (
    proxyProgram(name) === undefined && `no ${name}: apt-get install ${packages[name]}, or set ${name.toUpperCase()}`
  );
}

/**
 * Starts a proxy for `https://localhost:PORT`. This process trusts its certificate from then on.
 * @param bridges the ports of the bridges
 */
export async function startProxy(name: ProxyName, port: number, bridges: readonly number[]): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), `bridge-${name}-`));
  const { child, authority } = name === 'caddy' ? await caddy(folder, port, bridges) : nginx(folder, port, bridges);
  const said: Buffer[] = [];
  child.stderr?.on('data', (text: Buffer) => said.push(text));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(() => existsSync(authority), { what: `${name}'s certificate` });
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(authority, 'utf8')]);
    await until(async () => (await fetch(`https://localhost:${port}/readyz`)).ok, { what: `${name} to be ready` });
  } catch (error) {
    await stop();
    throw new Error(`${name} does not serve: ${Buffer.concat(said)}`, { cause: error });
  }
  return { stop };
}

interface Started {
  readonly child: ChildProcess;
  /** The path of the certificate to trust. */
  readonly authority: string;
}

async function caddy(folder: string, port: number, bridges: readonly number[]): Promise<Started> {
  const env = {
    PUBLIC_URL: `https://localhost:${port}`,
    BRIDGES: bridges.map((each) => `127.0.0.1:${each}`).join(' '),
    HTTP_PORT: String(await freePort()),
    CADDY_ADMIN: `localhost:${await freePort()}`,
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
  };
  const args = ['run', '--config', join(DEPLOY, 'caddy/Caddyfile'), '--adapter', 'caddyfile'];
  const child = spawn(proxyProgram('caddy') ?? '', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  return { child, authority: join(folder, 'caddy/pki/authorities/local/root.crt') };
}

function nginx(folder: string, port: number, bridges: readonly number[]): Started {
  const { key, certificate } = makeCertificate(folder);
  const example = readFileSync(join(DEPLOY, 'nginx/mcp-github-bridge.conf'), 'utf8')
    .replace(/^( *server )127\.0\.0\.1:8000( .*)$/gm, (_, before: string, after: string) =>
      bridges.map((each) => `${before}127.0.0.1:${each}${after}`).join('\n'),
    )
    .replaceAll('mcp.example.com;', 'localhost;')
    .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
    .replace('listen 443 ', `listen 127.0.0.1:${port} `)
    .replace('listen 80;', `listen unix:${join(folder, 'http')};`);
  writeFileSync(join(folder, 'bridge.conf'), example);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => {
    mkdirSync(join(folder, kind));
    return `${kind}_temp_path ${join(folder, kind)};`;
  });
  const main = join(folder, 'nginx.conf');
  writeFileSync(
    main,
    `worker_processes 2; pid ${join(folder, 'pid')}; error_log stderr warn; daemon off;
events { worker_connections 1024; }
http { access_log off; ${temporary.join(' ')} include ${join(folder, 'bridge.conf')}; }\n`,
  );
  const args = ['-c', main, '-p', folder, '-e', 'stderr'];
  const child = spawn(proxyProgram('nginx') ?? '', args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  return { child, authority: certificate };
}
