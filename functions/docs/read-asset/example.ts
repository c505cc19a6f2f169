import { packageAssets } from '#shared/documentation/reference-page.ts'
import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = () => ({
  params: { asset: Object.keys(packageAssets)[0]! },
  status: 200,
})
