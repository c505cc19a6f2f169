import * as v from 'valibot'
import { Id } from '#shared/domain/ids.ts'
import { Indicator, indicatorTypes } from '#shared/domain/intelligence/schemas.ts'
import { pageOf, pageQuery } from '#shared/domain/paging.ts'
import { PlainText } from '#shared/domain/plain-text.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/indicators',
  access: 'intelligence:read',
  summary: 'List indicators',
  query: v.strictObject({
    ...pageQuery,
    type: v.optional(v.picklist(indicatorTypes)),
    suppressed: v.pipe(
      v.optional(v.picklist(['true', 'false'])),
      v.description('true: only likely false positives, which are held back; false: only the others'),
    ),
    document_id: v.optional(Id),
    prefix: v.pipe(v.optional(v.pipe(PlainText, v.maxLength(200))), v.description('Only values that begin so')),
    minimum_score: v.pipe(
      v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/, 'must be a number'), v.transform(Number), v.maxValue(100))),
      v.description('Only those that are at least so sure today'),
    ),
  }),
  responses: { 200: pageOf(Indicator) },
  handler: () => import('./handler.ts'),
})
