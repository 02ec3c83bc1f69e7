/** Parses text that may not be JSON, without throwing. */

/** @returns the parsed value; undefined when the text is not valid JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
