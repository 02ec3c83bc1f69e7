/** Security headers of every answer (design decision 16). */
import helmet from 'koa-helmet';

/**
 * Creates the middleware that sets the headers. There is no `form-action`, because browsers apply it to every redirect
 * after the form, to GitHub and to the client too. `Cross-Origin-Opener-Policy` is `unsafe-none`, because clients that
 * log in through a pop-up need `window.opener` (docs/clients.md, use-mcp).
 * @param https whether `PUBLIC_URL` is https
 */
export function securityHeaders(https: boolean): ReturnType<typeof helmet> {
  return helmet({
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
  });
}
