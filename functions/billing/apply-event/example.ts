import type { MakeJobExample } from '#shared/runtime/examples.ts'

export const example: MakeJobExample = async ({ newGatewayEvent }) => ({ event_id: await newGatewayEvent() })
