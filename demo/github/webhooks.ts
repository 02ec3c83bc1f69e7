/**
 * The webhook of a GitHub App about a revoked authorization, signed with the secret of the webhook.
 *
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#github_app_authorization
 */
import { createHmac, randomUUID } from 'node:crypto';
import type { SimulatedAccount } from './accounts.ts';
import type { SimulatedApp } from './apps.ts';
import type { Documents } from './documents.ts';

/** GitHub waits ten seconds for an answer. */
const TIMEOUT_MS = 10_000;

export interface WebhookDelivery {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `undefined` when there was no answer. */
  readonly status: number | undefined;
}

/**
 * Sends the event, and resolves after the answer or the failure; never rejects.
 * @returns undefined when the app has no webhook
 */
export async function deliverRevocation(
  { webhook, clientId }: SimulatedApp,
  account: SimulatedAccount,
  documents: Documents,
): Promise<WebhookDelivery | undefined> {
  if (webhook === undefined) return undefined;
  const body = JSON.stringify({ action: 'revoked', sender: documents.simpleUser(account) });
  const id = randomUUID();
  const headers = {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/simulated',
    'X-GitHub-Delivery': id,
    'X-GitHub-Event': 'github_app_authorization',
    'X-GitHub-Hook-ID': clientId,
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    'X-Hub-Signature-256': `sha256=${createHmac('sha256', webhook.secret).update(body).digest('hex')}`,
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const status = await fetch(webhook.url, { method: 'POST', headers, body, signal, redirect: 'manual' }).then(
    async (response) => {
      await response.body?.cancel();
      return response.status;
    },
    () => undefined,
  );
  return { id, url: webhook.url, headers, body, status };
}
