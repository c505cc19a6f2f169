import * as v from 'valibot'
import { Coverage } from '#shared/domain/detection/coverage.ts'
import { Tlp } from '#shared/domain/tlp.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/attack/coverage',
  access: 'intelligence:read',
  summary: 'Compare what documents say that attackers do with what rules detect; the widest gap first',
  query: v.strictObject({
    maximum_tlp: v.pipe(v.optional(Tlp, 'RED'), v.description('Documents and rules above it are not counted')),
  }),
  cost: 5,
  responses: { 200: Coverage },
  handler: () => import('./handler.ts'),
})
