import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newDeadLetter }) => ({
  dead_letter_id: await newDeadLetter(),
  consumer: 'notifications-document-finished',
  error: { code: 'INTERNAL', message: 'Something broke' },
})
