import type { PaymentGateway } from '#shared/domain/billing/gateway.ts'
import { PlatformError } from '../errors.ts'

export interface RazorpayOptions {
  /** Null: no gateway is configured, and every call says so. */
  keyId: string | null
  keySecret: string | null
  baseUrl: string
}

export function createRazorpayGateway(options: RazorpayOptions): PaymentGateway {
  const absent = () => Promise.reject(new PlatformError('UNAVAILABLE', 'no payment gateway is configured'))
  return new Proxy(
    { isLive: false, keyId: options.keyId ?? '', checkoutUrl: () => null } as unknown as PaymentGateway,
    {
      get: (target, name) => Reflect.get(target, name) ?? absent,
    },
  )
}
