import type { Bucket } from './index.ts'

/**
 * After how many days a bucket forgets an object by itself: on Google Cloud a lifecycle rule of the bucket, on one machine
 * the product's own clock. A day later than the rows that name them say so.
 */
export const lifecycleDays: Readonly<Partial<Record<Bucket, number>>> = { artifacts: 91, exports: 91 }
