import type { MakeJobExample } from '#shared/runtime/examples.ts'

/** Of an organization that nobody asked to delete, nothing is removed. */
export const example: MakeJobExample = ({ jobId }) => ({ job_id: jobId, stage: 'rows' })
