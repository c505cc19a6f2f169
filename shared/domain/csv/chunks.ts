/**
 * Joins small texts into larger ones, so that a stream of a million lines is not a million writes.
 *
 * @param texts in order
 * @param characters least length of a joined text, except the last
 */
export async function* inChunks(
  texts: Iterable<string> | AsyncIterable<string>,
  characters = 16_384,
): AsyncGenerator<string, void, undefined> {
  let chunk = ''
  for await (const text of texts) {
    chunk += text
    if (chunk.length >= characters) {
      yield chunk
      chunk = ''
    }
  }
  if (chunk !== '') yield chunk
}
