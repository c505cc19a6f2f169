import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ documentId }) => ({
  body: { format: 'stix', filter: { document_id: documentId } },
  status: 202,
})
