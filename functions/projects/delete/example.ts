import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newProject }) => ({
  params: { project_id: await newProject() },
  status: 204,
})
