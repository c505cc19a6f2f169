import { createProject } from '#shared/domain/projects/projects.ts'
import { workspaceOf } from '#shared/domain/tenancy/principal.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async ({ sql, principal, audit }, { body }) => {
  const project = await createProject(sql, {
    ...body,
    orgId: principal.orgId,
    workspaceId: workspaceOf(principal),
    createdBy: principal.userId,
  })
  audit('project.created', { targetId: project.id, details: { name: project.name } })
  return { status: 201, body: project }
}
