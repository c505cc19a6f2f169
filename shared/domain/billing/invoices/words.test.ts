import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amountInWords } from './words.ts'

test.each([
  [0, 'Rupees Zero Only'],
  [100, 'Rupees One Only'],
  [5, 'Rupees Zero and Five Paise Only'],
  [589_882, 'Rupees Five Thousand Eight Hundred Ninety-Eight and Eighty-Two Paise Only'],
  [10_000_500, 'Rupees One Lakh Five Only'],
  [
    12_34_56_789_10,
    'Rupees Twelve Crore Thirty-Four Lakh Fifty-Six Thousand Seven Hundred Eighty-Nine and Ten Paise Only',
  ],
  [1_00_00_000_00 * 100_000, 'Rupees One Lakh Crore Only'],
])('%d paise are %s', (paise, words) => {
  expect(amountInWords(paise)).toBe(words)
})

test('an amount is read back from its words', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000_000_000), (paise) => {
      const [, rupees, rest = 'Zero'] = /^Rupees (.+?)(?: and (.+) Paise)? Only$/.exec(amountInWords(paise))!
      expect(readWords(rupees!) * 100 + readWords(rest)).toBe(paise)
    }),
  )
})

const ones =
  'Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen Seventeen Eighteen Nineteen'.split(
    ' ',
  )
const tens = 'Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety'.split(' ')
const factors: Record<string, number> = { Hundred: 100, Thousand: 1e3, Lakh: 1e5, Crore: 1e7 }

/** Reads as people do: a factor multiplies what stands before it and is smaller. */
function readWords(text: string): number {
  const sums: number[] = [0]
  for (const word of text.split(/[ -]/)) {
    const factor = factors[word]
    if (factor === undefined) {
      const one = ones.indexOf(word)
      sums[0]! += one >= 0 ? one : (tens.indexOf(word) + 2) * 10
      continue
    }
    let before = sums.shift()!
    while (sums.length > 0 && sums[0]! < factor) before += sums.shift()!
    sums.unshift(0, before * factor)
  }
  return sums.reduce((sum, one) => sum + one, 0)
}
