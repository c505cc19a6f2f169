import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ uploadedDocument }) => ({
  params: { document_id: await uploadedDocument() },
  status: 202,
})
