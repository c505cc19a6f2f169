import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCursors } from './cursors.ts'

const secret = 's'.repeat(32)
const cursors = createCursors(secret, 'projects-list\norg')

test('a cursor opens to the position it was made of', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (position) => {
      fc.pre(position.isWellFormed())
      expect(cursors.open(cursors.sign(position))).toBe(position)
    }),
  )
})

test('a cursor that was changed anywhere is refused', () => {
  const cursor = cursors.sign('01a1f907-80d8-7219-8304-17026cd238ee')
  for (let at = 0; at < cursor.length; at++) {
    const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1)
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(cursor, 'base64url'))) continue
    expect(() => cursors.open(changed)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }))
  }
})

test('a cursor of another list, organization or installation is refused', () => {
  const cursor = cursors.sign('x')
  for (const other of [
    createCursors(secret, 'documents-list\norg'),
    createCursors(secret, 'projects-list\nanother'),
    createCursors('t'.repeat(32), 'projects-list\norg'),
  ]) {
    expect(() => other.open(cursor)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }))
  }
})

test('anything else is refused, not misread', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => cursors.open(text)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }))
    }),
  )
})
