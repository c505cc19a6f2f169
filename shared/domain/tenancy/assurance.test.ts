import { expect, test } from 'vitest'
import { assuranceOf } from './assurance.ts'

const tokenWith = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`

test('a session that has shown its second factor waits for nothing, and nobody is asked', async () => {
  const asked = () => Promise.reject(new Error('not to be asked'))
  expect(await assuranceOf(tokenWith({ aal: 'aal2' }), asked)).toEqual({
    level: 'aal2',
    second_factor: true,
    missing_for: [],
  })
})

test('a session without it is told what waits, if the person has one', async () => {
  expect(await assuranceOf(tokenWith({ aal: 'aal1' }), async () => true)).toEqual({
    level: 'aal1',
    second_factor: true,
    missing_for: expect.arrayContaining(['members:manage', 'keys:manage', 'billing:manage', 'organization:delete']),
  })
  expect((await assuranceOf(tokenWith({}), async () => false)).missing_for).toEqual([])
})
