import type { MakeJobExample } from '#shared/runtime/examples.ts'

/** An organization that nobody asked to delete stays. */
export const example: MakeJobExample = ({ jobId }) => ({ job_id: jobId })
