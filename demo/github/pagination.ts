/**
 * Splits a list into pages, with the `Link` header that names the other pages.
 *
 * @see https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
 */
import type { Documents } from './documents.ts';

const DEFAULT_SIZE = 30;
const MAX_SIZE = 100;

/** The page of a list that a request asks for (`page`, `per_page`). */
export function paginate<Item>(
  items: readonly Item[],
  request: { query: URLSearchParams; path: string },
  documents: Documents,
): { page: Item[]; headers: Record<string, string> } {
  const size = Math.min(MAX_SIZE, positive(request.query.get('per_page')) ?? DEFAULT_SIZE);
  const number = positive(request.query.get('page')) ?? 1;
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (page: number, rel: string) => {
    const query = new URLSearchParams(request.query);
    query.set('page', String(page));
    return `<${documents.urlOf(request.path)}?${query}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [link(Math.min(number - 1, last), 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
    ...(number > 1 ? [link(1, 'first')] : []),
  ];
  const page = items.slice((number - 1) * size, number * size);
  return { page, headers: links.length === 0 ? {} : { Link: links.join(', ') } };
}

function positive(text: string | null): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
