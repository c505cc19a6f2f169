import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = ({ documentId }) => ({ params: { document_id: documentId }, status: 202 })
