/**
 * The files that pages load: the stylesheet, in the operator's colour, and the operator's logo. The path of each contains a
 * hash of its content, so browsers can cache it for ever.
 */
import { createHash } from 'node:crypto';
import type Koa from 'koa';
import { contrast, mix } from '../base/color.ts';
import { type Logo, type Operator, READABLE } from '../config/operator.ts';

/** A file that pages load. */
export interface Asset {
  readonly path: string;
  /** The media type. */
  readonly type: string;
  readonly body: string | Buffer;
}

/** Surfaces of the dark pages (templates/style.css), and the text on a button there. */
const DARK_SURFACES = ['#101319', '#191d26', '#12161e', '#0c1730'];
const EXTENSIONS: Readonly<Record<Logo['type'], string>> = {
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/webp': 'webp',
};

/** The stylesheet, with the operator's colour in place of the usual one. */
export function stylesheetAsset(css: string, { color }: Pick<Operator, 'color'>): Asset {
  const body = color === undefined ? css : `${css}${colorRules(color)}`;
  return { path: `/assets/style-${digest(body)}.css`, type: 'text/css; charset=utf-8', body };
}

export function logoAsset({ type, bytes }: Logo): Asset {
  return { path: `/assets/logo-${digest(bytes)}.${EXTENSIONS[type]}`, type, body: bytes };
}

/** Creates the handler of one file. */
export function asset({ type, body }: Asset): Koa.Middleware {
  return (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    // An SVG that somebody opens by its address is a document, which could run scripts. Nothing in it runs or loads.
    if (type === 'image/svg+xml')
      ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    ctx.type = type;
    ctx.body = body;
  };
}

/** The rules of a colour that is readable on the light pages; for the dark ones it is made lighter until it is readable there. */
function colorRules(color: string): string {
  let light = color;
  while (DARK_SURFACES.some((surface) => contrast(light, surface) < READABLE)) light = mix(light, '#ffffff', 0.1);
  const rules = (accent: string, hover: string) => `:root{--accent:${accent};--accent-hover:${hover}}`;
  const dark = rules(light, mix(light, '#ffffff', 0.3));
  return `${rules(color, mix(color, '#000000', 0.25))}@media(prefers-color-scheme:dark){${dark}}`;
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
