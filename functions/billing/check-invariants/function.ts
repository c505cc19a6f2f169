import { defineCron } from '#shared/runtime/declarations.ts'

export default defineCron({
  // After the reconciliation of the night.
  cron: '30 4 * * *',
  timeZone: 'Asia/Kolkata',
  summary: 'Look through the books of all organizations for money that doesn’t add up, and keep what was found',
  resources: { timeoutSeconds: 300 },
  handler: () => import('./handler.ts'),
})
