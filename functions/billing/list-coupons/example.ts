import type { MakeRouteExample } from '#shared/runtime/examples.ts'

export const example: MakeRouteExample = async ({ newCoupon }) => {
  // Two, so that there is another page.
  await newCoupon()
  await newCoupon()
  return { status: 200 }
}
