import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ readyDocument }) => ({
  params: { document_id: await readyDocument() },
  status: 202,
})
