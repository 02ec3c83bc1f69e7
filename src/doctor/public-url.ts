/** Checks `PUBLIC_URL`: whether this bridge answers there, and accepts signed webhooks. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../base/json.ts';
import { calledAs } from '../called-as.ts';
import type { Config } from '../config/config.ts';
import { type Finding, probe, unreachable } from './finding.ts';

const CHECK = 'PUBLIC_URL';
const WEBHOOK = 'webhook';
const metadataSchema = z.looseObject({ issuer: z.string() });

/** Reads the metadata at `PUBLIC_URL`, as clients do, and compares the issuer. */
export async function checkPublicUrl(config: Config): Promise<Finding[]> {
  const { publicUrl } = config;
  let response: Response;
  let text: string;
  try {
    response = await probe(`${publicUrl}/.well-known/oauth-authorization-server`);
    text = await response.text();
  } catch (error) {
    const found = unreachable(CHECK, publicUrl, CHECK, error);
    if (!('problem' in found) || found.problem.includes('certificate')) return [found];
    const start = `Start the bridge (${calledAs('start')})`;
    return [{ ...found, remedy: `${start}; if it runs, check the name server and the proxy in front.` }];
  }
  const { issuer } = metadataSchema.safeParse(parseJson(text)).data ?? {};
  if (issuer === undefined) {
    const problem = `what answers at ${publicUrl} is not this bridge (${response.status})`;
    return [{ check: CHECK, problem, remedy: 'Let the proxy pass every path on to HOST:PORT, or correct PUBLIC_URL.' }];
  }
  if (issuer !== publicUrl) {
    const problem = `the bridge at ${publicUrl} calls itself ${issuer}`;
    return [{ check: CHECK, problem, remedy: 'Give it the same PUBLIC_URL, byte for byte, and start it again.' }];
  }
  return [{ check: CHECK, ok: `${publicUrl} answers as this bridge` }, ...(await checkWebhook(config))];
}

/** Sends GitHub's `ping` event to the bridge's own webhook endpoint, signed as GitHub signs it. */
async function checkWebhook({ publicUrl, github: { webhookSecret } }: Config): Promise<Finding[]> {
  if (webhookSecret === undefined) return [];
  const body = JSON.stringify({ zen: 'Asked by npm run doctor.' });
  const address = `${publicUrl}/github/webhook`;
  const response = await probe(address, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-GitHub-Event': 'ping',
      'X-Hub-Signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
    },
    body,
  }).catch(() => undefined);
  await response?.body?.cancel();
  if (response?.status === 204) return [{ check: WEBHOOK, ok: `${address} takes what GitHub signs with this secret` }];
  const problem = `${address} did not take a delivery signed with this secret (${response?.status ?? 'no answer'})`;
  const remedy =
    'Start the bridge again with this GITHUB_WEBHOOK_SECRET, the one entered on the page of the GitHub App.';
  return [{ check: WEBHOOK, problem, remedy }];
}
