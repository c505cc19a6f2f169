import { Brief, BriefDraft } from '#shared/domain/briefs/schemas.ts'
import { defineRoute } from '#shared/runtime/declarations.ts'

export default defineRoute({
  method: 'POST',
  path: '/v1/briefs',
  access: 'intelligence:write',
  summary: 'Write a brief: claims with citations, as a draft',
  description:
    'Each quote must stand in its document at that place, and the TLP be at least that of every cited document. Claims ' +
    'without a citation are taken, and counted.',
  body: BriefDraft,
  idempotent: true,
  audit: 'brief.created',
  responses: { 201: Brief },
  handler: () => import('./handler.ts'),
})
