/**
 * Finds misspelled setting names in the environment. Without this check a misspelled ALLOWED_GITHUB_USERS would let
 * everybody sign in. Other software shares the environment, so a name is reported only when it is very similar to a
 * setting or has a prefix that only this project uses.
 */

/** Prefixes that only this project uses. MCP_GITHUB_ alone is not one: other software uses MCP_GITHUB_TOKEN. */
const OWN_PREFIX =
  /^(?:ALLOWED_GITHUB_|ALLOWED_REDIRECT_|ADMIN_GITHUB_|MCP_GITHUB_(?:BRIDGE|CLIENT|GITHUB)_|MCP_UPSTREAMS_|BRIDGE_)/;
/** Prefixes that people add by mistake to a setting, such as BRIDGE_PUBLIC_URL for PUBLIC_URL. */
const ADDED_PREFIX = /^(?:MCP_GITHUB_(?:BRIDGE_)?|BRIDGE_)/;

/**
 * Names of other software that must not be reported: the port in docker-compose.yml, GITHUB_APP_URL, and the variables
 * that Kubernetes and Docker set for each service (for a service named "bridge": BRIDGE_SERVICE_HOST,
 * BRIDGE_PORT_8000_TCP, …).
 */
const FOREIGN_NAMES = [
  /^BRIDGE_PORT$/,
  /^GITHUB_APP_URL$/,
  /_SERVICE_(?:HOST|PORT(?:_\w+)?)$/,
  /_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/,
];

/** Settings with fewer characters (HOST, PORT) are not compared, because many other names are similar to them. */
const MIN_COMPARED_LENGTH = 6;

/**
 * Finds the setting that was probably meant.
 * @param names all names that the configuration reads
 * @returns undefined when `name` is one of `names`, or is not similar to any of them
 */
export function intendedName(name: string, names: readonly string[]): string | undefined {
  if (names.includes(name) || FOREIGN_NAMES.some((pattern) => pattern.test(name))) return undefined;
  const rest = name.replace(ADDED_PREFIX, '');
  const alike = names.filter(
    (each) =>
      (each.length >= MIN_COMPARED_LENGTH && isMisspelling(name, each)) || (rest !== name && isMisspelling(rest, each)),
  );
  if (alike.length > 0) return nearest(name, alike);

  const prefix = OWN_PREFIX.exec(name)?.[0];
  if (prefix === undefined) return undefined;
  const related = names.filter((each) => each.startsWith(prefix) && each.endsWith('_FILE') === name.endsWith('_FILE'));
  return nearest(name, related.length > 0 ? related : names);
}

/**
 * Whether two names have the same letters (case and underscores ignored), or the same words in any order (singular and
 * plural are equal), with at most one edit per word and two edits in total.
 */
function isMisspelling(name: string, right: string): boolean {
  if (lettersOf(name) === lettersOf(right)) return true;
  const [words, rightWords] = [wordsOf(name), wordsOf(right)];
  if (words.length !== rightWords.length) return false;
  return areClose(words, rightWords) || areClose(words.toSorted(), rightWords.toSorted());
}

function areClose(words: readonly string[], rightWords: readonly string[]): boolean {
  // Most names differ in length by more than that, and their distance need not be computed.
  if (words.some((word, index) => Math.abs(word.length - (rightWords[index]?.length ?? 0)) > 1)) return false;
  const edits = words.map((word, index) => distance(word, rightWords[index] ?? ''));
  return edits.every((each) => each <= 1) && edits.reduce((sum, each) => sum + each, 0) <= 2;
}

function lettersOf(name: string): string {
  return name.toUpperCase().replace(/[^A-Z\d]/g, '');
}

/** The words of a name, in upper case and singular; URI becomes URL. */
function wordsOf(name: string): string[] {
  const words = name.toUpperCase().match(/[A-Z\d]+/g) ?? [];
  return words.map((word) =>
    word
      .replace(/IES$/, 'Y')
      .replace(/(?<!S)S$/, '')
      .replace(/^URI$/, 'URL'),
  );
}

/** The name with the smallest distance; the first one when several are equal. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const edits = new Map(names.map((each) => [each, distance(name.toUpperCase(), each)]));
  return names.toSorted((a, b) => (edits.get(a) ?? 0) - (edits.get(b) ?? 0))[0];
}

/**
 * The Damerau-Levenshtein distance (optimal string alignment): how many characters must be added, removed, replaced or
 * swapped with their neighbour to turn one text into the other.
 */
function distance(from: string, to: string): number {
  // rows[i][j] is the distance between the first i characters of `from` and the first j characters of `to`.
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= to.length; j++) {
      const replaced = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? at(i - 2, j - 2) + 1 : replaced;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, swapped));
    }
  }
  return at(from.length, to.length);
}
