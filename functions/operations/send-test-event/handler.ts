import { sendTestEvent } from '#shared/domain/operations/test-event.ts'
import type { RunRoute } from '#shared/runtime/declarations.ts'
import type route from './function.ts'

export const run: RunRoute<typeof route> = async (context) => {
  const { orgId, userId } = context.principal
  return { status: 202, body: await sendTestEvent(context, { orgId, createdBy: userId, sentAt: context.now }) }
}
