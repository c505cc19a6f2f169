import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { readStoredFile } from './stored-file.ts'

/** A body that counts what was taken of it. */
function bodyOf(chunks: readonly string[]) {
  const taken: string[] = []
  const body = Readable.from(
    (function* () {
      for (const chunk of chunks) {
        taken.push(chunk)
        yield Buffer.from(chunk)
      }
    })(),
  )
  return { body, taken }
}

test('a file of the size that it may have is read whole', async () => {
  const { body } = bodyOf(['ab', 'cd'])
  expect((await readStoredFile({ body, sizeBytes: 4 }, 4)).toString()).toBe('abcd')
})

test('of a file that is one byte too large nothing is read, and its source is let go', async () => {
  const { body, taken } = bodyOf(['ab', 'cde'])
  const reading = readStoredFile({ body, sizeBytes: 5 }, 4)
  await expect(reading).rejects.toMatchObject({ name: 'DocumentError', code: 'FILE_TOO_LARGE' })
  expect([taken, body.destroyed]).toEqual([[], true])
})
