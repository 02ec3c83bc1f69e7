/** Security headers of every answer (design decision 16). */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa from 'koa';
import helmet from 'koa-helmet';

/**
 * Creates the middleware that sets the headers. They are the same in every answer, so helmet makes them once. There is no
 * `form-action`, because browsers apply it to every redirect after the form, to GitHub and to the client too.
 * `Cross-Origin-Opener-Policy` is `unsafe-none`, because clients that log in through a pop-up need `window.opener`
 * (docs/clients.md, use-mcp).
 * @param https whether `PUBLIC_URL` is https
 */
export function securityHeaders(https: boolean): Koa.Middleware {
  const headers = headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      crossOriginOpenerPolicy: { policy: 'unsafe-none' },
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      referrerPolicy: { policy: 'same-origin' },
      xFrameOptions: { action: 'deny' },
      strictTransportSecurity: https ? { maxAge: 63_072_000, includeSubDomains: false } : false,
    }),
  );
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
}

/** The headers that a middleware sets before it awaits anything. */
function headersOf(middleware: Koa.Middleware): [name: string, value: string][] {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  void middleware(new Koa().createContext(request, response), async () => {});
  return Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]);
}
