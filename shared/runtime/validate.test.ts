import * as v from 'valibot'
import { expect, test } from 'vitest'
import { Id } from '#shared/domain/ids.ts'
import { validate } from './validate.ts'

const Body = v.strictObject({ id: Id, count: v.optional(v.number()), role: v.picklist(['owner', 'viewer']) })
const id = '01a1fe0a-4dc4-70a4-ab59-2412a25fd681'

test.each([
  ['a field that is missing', { role: 'owner' }, 'body.id', 'is required'],
  ['an id that is none', { id: 'x', role: 'owner' }, 'body.id', 'must be an id (UUID)'],
  ['a value of another type', { id, role: 'owner', count: '1' }, 'body.count', 'must be number'],
  ['a value that is not one of those there are', { id, role: 'x' }, 'body.role', 'must be ("owner" | "viewer")'],
  ['a field that nobody knows', { id, role: 'owner', plan: 1 }, 'body.plan', 'is not a known field'],
  ['nothing at all', undefined, 'body', 'is required'],
])('%s is named, in words for whoever sent it', (_what, body, field, message) => {
  expect(() => validate(Body, body, 'body')).toThrow(
    expect.objectContaining({ code: 'VALIDATION_ERROR', details: [{ field, message }] }),
  )
})
