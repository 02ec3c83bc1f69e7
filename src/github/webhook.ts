/**
 * `POST /github/webhook`: GitHub reports that a person revoked the app. All tokens of that person are dead then, so all
 * sessions of the person end at once.
 * @see https://docs.github.com/webhooks/webhook-events-and-payloads#github_app_authorization
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type Koa from 'koa';
import { z } from 'zod';
import type { SessionEnding } from '../oauth/session-ending.ts';
import { parsedBody } from '../protocol/http.ts';
import { OAuthError } from '../protocol/oauth-error.ts';
import type { PersonTag } from './person.ts';

const revokedSchema = z.object({ action: z.literal('revoked'), sender: z.object({ id: z.number() }) });

interface WebhookServices {
  readonly sessionEnding: SessionEnding;
  /** `GITHUB_WEBHOOK_SECRET`: with it GitHub signs each delivery. */
  readonly secret: string;
  readonly personTag: PersonTag;
}

/** Creates the handler. Deliveries of other events are answered 204 and ignored. */
export function githubWebhook({ sessionEnding, secret, personTag }: WebhookServices): Koa.Middleware {
  return async (ctx) => {
    const expected = Buffer.from(
      `sha256=${createHmac('sha256', secret)
        .update(ctx.request.rawBody ?? '')
        .digest('hex')}`,
    );
    const signature = Buffer.from(ctx.get('x-hub-signature-256'));
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new OAuthError('access_denied', 'the signature does not match GITHUB_WEBHOOK_SECRET', { status: 401 });
    }
    const revoked = revokedSchema.safeParse(parsedBody(ctx));
    ctx.status = 204;
    if (ctx.get('x-github-event') !== 'github_app_authorization' || !revoked.success) return;
    await sessionEnding.endAll(personTag(revoked.data.sender.id), 'upstream_revoked', 'upstream');
  };
}
