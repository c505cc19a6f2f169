import * as v from 'valibot'
import { NavigatorLayer } from '#shared/domain/detection/navigator.ts'
import { Tlp } from '#shared/domain/tlp.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'GET',
  path: '/v1/attack/coverage/navigator',
  access: 'intelligence:read',
  summary: 'Read the coverage as a layer of the ATT&CK Navigator (format 4.5)',
  query: v.strictObject({
    maximum_tlp: v.pipe(v.optional(Tlp, 'AMBER'), v.description('Documents and rules above it are not counted')),
  }),
  cost: 5,
  responses: { 200: NavigatorLayer },
  handler: () => import('./handler.ts'),
})
