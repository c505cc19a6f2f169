import { expect, test } from 'vitest'
import { tlpLevels } from '../tlp.ts'
import { isAbove, levelFault, markingAbove } from './levels.ts'

const source = (tlp: (typeof tlpLevels)[number]) => ({ title: '', tlp, text: '', evidence: new Map() })

test('a source may be cited up to the level of its draft and its audience, and not above, for every pair of levels', () => {
  for (const [of, level] of tlpLevels.entries()) {
    for (const [at, other] of tlpLevels.entries()) {
      expect(levelFault(source(level), other, 'RED')).toBe(of > at ? 'tlp_above_draft' : null)
      expect(levelFault(source(level), 'RED', other)).toBe(of > at ? 'tlp_above_audience' : null)
      expect(isAbove(level, other)).toBe(of > at)
    }
  }
})

test.each([
  ['TLP:RED Do not share', 'AMBER', 'RED'],
  ['seen (TLP: AMBER + STRICT)', 'AMBER', 'AMBER+STRICT'],
  ['tlp:white', 'CLEAR', null],
  ['TLP:AMBER', 'AMBER', null],
  ['no marking', 'CLEAR', null],
] as const)('%j for readers of %s: above is %s', (text, maximum, marking) => {
  expect(markingAbove(text, maximum)).toBe(marking)
})
