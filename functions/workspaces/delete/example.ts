import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newWorkspace }) => {
  const { id, name } = await newWorkspace()
  return { params: { workspace_id: id }, query: { confirm: name }, status: 202 }
}
