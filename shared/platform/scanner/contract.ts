import { describe, expect, it } from 'vitest'
import { eicarTestString } from './eicar.ts'
import type { Scanner } from './index.ts'

/**
 * What every driver of `Scanner` guarantees.
 *
 * @param subject called in each test, after the suite's own set-up
 */
export function describeScanner(driver: string, subject: () => Scanner): void {
  const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

  async function* inPieces(bytes: Uint8Array, size: number) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }

  describe(`${driver} as a scanner`, () => {
    it('finds the EICAR test file and names what it found and who found it', async () => {
      const result = await subject().scan(bytesOf(eicarTestString()))
      expect(result).toEqual({
        infected: true,
        signature: expect.stringMatching(/eicar/i),
        engine: expect.stringMatching(/\S/),
      })
    })

    it('finds it with the white space that the standard allows behind it', async () => {
      expect((await subject().scan(bytesOf(`${eicarTestString()}\r\n \t\x1a`))).infected).toBe(true)
    })

    it('finds it in a stream, however that is cut', async () => {
      for (const size of [1, 7, 68]) {
        expect((await subject().scan(inPieces(bytesOf(eicarTestString()), size))).infected).toBe(true)
      }
    })

    it('lets a report pass that only quotes the string', async () => {
      const report = `A scanner answers to the string ${eicarTestString()} in a file of its own.`
      expect(await subject().scan(bytesOf(report))).toMatchObject({ infected: false, signature: null })
    })

    it('calls clean what is clean: nothing, a little, ten megabytes in pieces', async () => {
      const clean = { infected: false, signature: null, engine: expect.stringMatching(/\S/) }
      expect(await subject().scan(new Uint8Array())).toEqual(clean)
      expect(await subject().scan(bytesOf('a report'))).toEqual(clean)
      expect(await subject().scan(inPieces(new Uint8Array(10_000_000).fill(0x61), 100_000))).toEqual(clean)
    })

    it('scans many files at once, each with its own result', async () => {
      const files = Array.from({ length: 12 }, (_, i) => bytesOf(i % 3 === 0 ? eicarTestString() : `report ${i}`))
      const results = await Promise.all(files.map((file) => subject().scan(file)))
      expect(results.map(({ infected }) => infected)).toEqual(files.map((_, i) => i % 3 === 0))
    })

    it('passes on the error of a stream that breaks', async () => {
      const broken = async function* () {
        yield bytesOf('begin')
        throw new Error('disk gone')
      }
      await expect(subject().scan(broken())).rejects.toThrow('disk gone')
    })
  })
}
