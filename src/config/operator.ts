/** The settings `OPERATOR_…`: who runs the bridge, as people see it on every page and programs in the metadata. */
import { readFileSync, statSync } from 'node:fs';
import { contrast } from '../base/color.ts';
import { systemCode } from '../base/setting-error.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import type { Kind } from './setting.ts';

/** A picture that pages show beside the operator's name. */
export interface Logo {
  readonly type: 'image/png' | 'image/svg+xml' | 'image/webp';
  readonly bytes: Buffer;
}

/** Who runs the bridge. What is absent is not shown; without a name, the host stands in its place. */
export interface Operator {
  readonly name?: string;
  readonly url?: string;
  readonly logo?: Logo;
  /** Where people get help: https, or `mailto:`. */
  readonly supportUrl?: string;
  readonly privacyUrl?: string;
  readonly termsUrl?: string;
  /** `#rrggbb`: buttons and links; readable on the light pages, and made lighter for the dark ones. */
  readonly color?: string;
}

/** The darkest surface of the light pages (templates/style.css); text on it, and white on the colour, must be readable. */
export const LIGHT_SURFACE = '#f3f5f9';
/** WCAG 2.2, success criterion 1.4.3. */
export const READABLE = 4.5;
const MAX_NAME = 60;
const MAX_LOGO_BYTES = 100 * 1024;

/** The name of an operator: one line that shows what it says. */
export const operatorName: Kind<string> = (value, complain) => {
  if ([...value].length > MAX_NAME) complain(`longer than ${MAX_NAME} characters`, 'Write the name that people know.');
  // The same characters are removed from the names of apps, so that no name can pose as another.
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u.test(value))
    complain('has a control character or an invisible one', 'Write the name as plain text.');
  return value;
};

/** The address of a web page: https, or http on loopback. */
export const webPage: Kind<string> = (value, complain) => {
  if (!isWebPage(value))
    complain(`"${value}" is not the https address of a page`, 'Write for example https://example.com.');
  return value;
};

/** The address of a web page, or a `mailto:` address. */
export const contact: Kind<string> = (value, complain) => {
  if (!isWebPage(value) && !/^mailto:[\w.+-]+@[\w-]+(\.[\w-]+)*$/.test(value))
    complain(
      `"${value}" is neither the https address of a page nor a mailto: address`,
      'Write for example https://example.com/help or mailto:help@example.com.',
    );
  return value;
};

/** The path of a picture. What kind of picture it is, its content says, not its name. */
export const logoFile: Kind<Logo> = (path, complain) => {
  let bytes: Buffer;
  try {
    const file = statSync(path);
    // A device or a pipe has no end, or waits for one.
    if (!file.isFile()) {
      complain('what is there is not a file', 'Name a PNG, SVG or WebP picture.');
      return undefined;
    }
    if (file.size > MAX_LOGO_BYTES) {
      complain(
        `the file is larger than ${MAX_LOGO_BYTES / 1024} KB`,
        'Make the picture smaller; pages show it 32 pixels high.',
      );
      return undefined;
    }
    bytes = readFileSync(path);
  } catch (error) {
    complain(`the file cannot be read (${systemCode(error)})`, 'Name a file this process may read.');
    return undefined;
  }
  const type = pictureType(bytes);
  if (type !== undefined) return { type, bytes };
  complain('the file is not a PNG, SVG or WebP picture', 'Name a picture of one of these kinds.');
  return undefined;
};

/** A colour that is readable on the light pages, and on which white is readable. */
export const readableColor: Kind<string> = (value, complain) => {
  if (!/^#[\da-f]{6}$/i.test(value)) complain(`"${value}" is not a colour`, 'Write for example #2a55c9.');
  else if (contrast(value, LIGHT_SURFACE) < READABLE)
    complain(
      `"${value}" is too light to be read on the pages (contrast ${contrast(value, LIGHT_SURFACE).toFixed(1)}, needed ${READABLE})`,
      'Choose a darker colour.',
    );
  return value.toLowerCase();
};

function isWebPage(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.password !== '' || /[^\x21-\x7e]/.test(value)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function pictureType(bytes: Buffer): Logo['type'] | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'image/webp';
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  return /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/.test(text)
    ? 'image/svg+xml'
    : undefined;
}
