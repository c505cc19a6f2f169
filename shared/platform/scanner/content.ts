import type { ScanContent } from './index.ts'

/** The content piece by piece, whichever way it was given. */
export async function* piecesOf(content: ScanContent): AsyncGenerator<Uint8Array, void, void> {
  if (content instanceof Uint8Array) yield content
  else yield* content
}
