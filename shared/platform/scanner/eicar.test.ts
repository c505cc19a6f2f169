import { expect, test } from 'vitest'
import { eicarTestString, isEicarTestFile } from './eicar.ts'

const is = (text: string) => isEicarTestFile(Buffer.from(text, 'latin1'))
const string = eicarTestString()

test('the string alone is the test file, and so it is with white space up to 128 bytes', () => {
  expect(string).toHaveLength(68)
  expect(is(string)).toBe(true)
  expect(is(string.padEnd(128, '\n'))).toBe(true)
})

test.each([
  ['one byte too long', string.padEnd(129, '\n')],
  ['followed by words', `${string} is the EICAR string`],
  ['behind a space', ` ${string}`],
  ['quoted', `"${string}"`],
  ['in lower case', string.toLowerCase()],
  ['cut off', string.slice(0, 67)],
  ['empty', ''],
])('no test file: %s', (_name, text) => {
  expect(is(text)).toBe(false)
})
