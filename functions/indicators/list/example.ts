import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ documentId }) => ({
  query: { document_id: documentId, suppressed: 'false' },
  status: 200,
})
