/**
 * The routes with which an app checks, resets and deletes its tokens. The app authenticates with its client id and
 * secret (HTTP Basic). Routes: POST, PATCH and DELETE /applications/:client_id/token, DELETE
 * /applications/:client_id/grant.
 *
 * @see https://docs.github.com/rest/apps/oauth-applications
 */
import Router from '@koa/router';
import type { SimulatedApp } from './apps.ts';
import type { TokenRecord } from './credentials.ts';
import { type Context, type Exchange, readParameters } from './exchange.ts';
import type { RestParts } from './rest.ts';
import { RestError } from './rest-error.ts';

type Parts = Pick<RestParts, 'directory' | 'credentials' | 'documents'>;

export function createApplicationRoutes({ directory, credentials, documents }: Parts): Router<Exchange> {
  const router = new Router<Exchange>({ prefix: '/api/v3/applications/:client_id' });

  router.post('/token', async (ctx) => {
    const record = await findToken(ctx, 404);
    ctx.body = documents.authorization(record, directory.account(record.accountId));
  });

  router.patch('/token', async (ctx) => {
    const record = await findToken(ctx, 404);
    credentials.reset(record);
    ctx.body = documents.authorization(record, directory.account(record.accountId));
  });

  router.delete('/token', async (ctx) => {
    credentials.revoke(await findToken(ctx, 422));
    ctx.status = 204;
  });

  router.delete('/grant', async (ctx) => {
    const { accountId, app } = await findToken(ctx, 422);
    credentials.revokeAuthorization(accountId, app.clientId);
    ctx.status = 204;
  });

  /**
   * The token in the body.
   * @param unknown the status to answer when the token is unknown, or was issued to another app
   */
  async function findToken(
    ctx: Context & { params: Record<string, string> },
    unknown: 404 | 422,
  ): Promise<TokenRecord> {
    const app = authenticate(ctx.get('Authorization'));
    ctx.state.call.clientId = app.clientId;
    if (ctx.params.client_id !== app.clientId) throw new RestError(404, 'Not Found');
    const token = (await readParameters(ctx)).get('access_token');
    if (!token) throw new RestError(422, 'Validation Failed');
    const record = credentials.findToken(token);
    if (record === undefined || record.app !== app) {
      throw new RestError(unknown, unknown === 404 ? 'Not Found' : 'Validation Failed');
    }
    ctx.state.call.accountId = record.accountId;
    return record;
  }

  function authenticate(authorization: string): SimulatedApp {
    const [, encoded] = /^basic +(\S+)$/i.exec(authorization) ?? [];
    if (encoded === undefined) throw new RestError(401, 'Requires authentication');
    const [, clientId, secret] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
    const app = directory.findApp(clientId);
    if (app === undefined || app.clientSecret !== secret) throw new RestError(401, 'Bad credentials');
    return app;
  }

  return router;
}
