import { piecesOf } from './content.ts'
import { EICAR_MAXIMUM_BYTES, isEicarTestFile } from './eicar.ts'
import type { Scanner } from './index.ts'

/**
 * A scanner that knows one thing, the EICAR test file, so that the way of an infected file can be shown and tested
 * without an engine. It protects from nothing, and its verdicts say so by the engine's name.
 */
export function createBuiltinScanner(): Scanner {
  return {
    async scan(content) {
      const head = new Uint8Array(EICAR_MAXIMUM_BYTES + 1)
      let length = 0
      for await (const piece of piecesOf(content)) {
        const part = piece.subarray(0, head.length - length)
        head.set(part, length)
        length += part.length
        if (length === head.length) break
      }
      const infected = isEicarTestFile(head.subarray(0, length))
      return { infected, signature: infected ? 'Eicar-Test-Signature' : null, engine: 'built-in EICAR check' }
    },
  }
}
