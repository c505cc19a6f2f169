import type { MakeJobExample } from '#shared/runtime/examples.ts'

/** Of a job that is no test, nothing is ended. */
export const example: MakeJobExample = ({ jobId }) => ({ job_id: jobId, sent_at: new Date().toISOString() })
