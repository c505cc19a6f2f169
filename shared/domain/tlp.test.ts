import { expect, test } from 'vitest'
import { findTlpMarking, strictest, tlpUpTo } from './tlp.ts'

test('an audience gets its level and everything less restrictive', () => {
  expect(tlpUpTo('CLEAR')).toEqual(['CLEAR'])
  expect(tlpUpTo('AMBER')).toEqual(['CLEAR', 'GREEN', 'AMBER'])
  expect(tlpUpTo('RED')).toHaveLength(5)
})

test('the strictest of several levels wins', () => {
  expect(strictest(['GREEN', 'RED', 'CLEAR'])).toBe('RED')
  expect(strictest([])).toBeNull()
})

test.each([
  ['TLP:WHITE\nProduct ID: A20-302A', 'CLEAR'],
  ['marked TLP: AMBER+STRICT.', 'AMBER+STRICT'],
  ['tlp:amber', 'AMBER'],
  ['TLP:GREEN … TLP:RED', 'RED'],
  ['the traffic light protocol', null],
  ['TLP:REDACTED', null],
  [`${'word '.repeat(3000)}TLP:GREEN`, 'GREEN'],
  [`TLP:GREEN ${'word '.repeat(3000)}TLP:RED`, 'GREEN'],
  [`${'word '.repeat(1500)}TLP:RED${' word'.repeat(1500)}`, null],
])('%.40s is marked %s', (text, level) => {
  expect(findTlpMarking(text)).toBe(level)
})
