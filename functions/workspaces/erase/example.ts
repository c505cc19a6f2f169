import type { MakeJobExample } from '#shared/runtime/examples.ts'

/** Of a workspace that nobody asked to delete, nothing is removed. */
export const example: MakeJobExample = ({ workspaceId, jobId }) => ({ workspace_id: workspaceId, job_id: jobId })
