import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newBriefDraft }) => ({ body: await newBriefDraft(), status: 201 })
