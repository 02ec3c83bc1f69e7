// Addresses for the properties of redirect URIs and resources: as people, clients and attackers write them.
import fc from 'fast-check';

/** How often a property is tried. */
export const RUNS = { numRuns: 2000 };

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.constantFrom('localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'localhost.evil.com'),
);
export const port = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined });
export const path = fc.webPath();
/** Addresses as attackers write them: mostly an address, with something in it that should not be. */
export const address = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true, withFragments: true }),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom('http', 'https', 'HTTP', 'cursor', 'com.example.app', 'javascript', 'data', 'file', 'x'),
        fc.constantFrom('://', ':', ':/', ':///', '://user@', '://@', '://a:b@', '//', ''),
        host,
        port,
        path,
        fc.constantFrom(
          '',
          '?',
          '?a=b',
          '#',
          '#x',
          '/..',
          '/%2e%2e/x',
          '\\@evil.com',
          '*',
          ' ',
          '\n',
          '\u202e',
          '%00',
          '@evil.com',
        ),
      )
      .map(
        ([scheme, slashes, name, at, rest, tail]) =>
          `${scheme}${slashes}${name}${at === undefined ? '' : `:${at}`}${rest}${tail}`,
      ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
