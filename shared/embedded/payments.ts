import {
  createLocalGateway,
  type LocalGateway,
  localGatewayPath,
  localKeyId,
} from '#shared/platform/payments/local-gateway.ts'
import type { Logger } from '#shared/runtime/log.ts'

type Settings = Readonly<Record<string, string | undefined>>

/** Who sells where no money moves: a company that isn't there, with a GSTIN whose check digit is right. */
const demoSeller = {
  SELLER_NAME: 'RaptorFlow Demo Private Limited',
  SELLER_GSTIN: '27ABCDE1234F1Z0',
  SELLER_ADDRESS: '1 Example Road|Mumbai 400001',
  SELLER_STATE_CODE: '27',
}

export interface EmbeddedPaymentsOptions {
  settings: Settings
  cloudDatabaseUrl: string
  /** Origin of the product. */
  url: string
  /** Of this installation, by purpose. */
  secretOf(name: string): Promise<string>
  now(): Date
  backoffScale: number | undefined
  log: Logger
}

export interface EmbeddedPayments {
  /** Null when the settings name a gateway, or none is to be: in production nothing is given away. */
  gateway: LocalGateway | null
  /** What the product's settings have from it. */
  settings: Settings
}

/** Opens the local gateway where no real one is set, with keys of this installation, and a seller for its invoices. */
export async function openEmbeddedPayments(options: EmbeddedPaymentsOptions): Promise<EmbeddedPayments> {
  const { settings, url, log } = options
  if (settings.RAZORPAY_KEY_ID || settings.APP_ENV === 'production') return { gateway: null, settings: {} }
  const keySecret = await options.secretOf('razorpay')
  const webhookSecret = settings.RAZORPAY_WEBHOOK_SECRET || (await options.secretOf('razorpay-webhooks'))
  const keyId = localKeyId(keySecret)
  const gateway = await createLocalGateway({
    databaseUrl: options.cloudDatabaseUrl,
    publicUrl: url,
    keyId,
    keySecret,
    webhookSecret,
    webhookUrl: `${url}/v1/webhooks/razorpay`,
    callbackOrigins: (settings.CORS_ORIGINS ?? '').split(',').map((origin) => origin.trim()),
    now: options.now,
    ...(options.backoffScale === undefined ? {} : { backoffScale: options.backoffScale }),
    onError: (error) => log.error('the local gateway failed', { error }),
  })
  return {
    gateway,
    settings: {
      // A seller of one's own is wholly one's own.
      ...(settings.SELLER_GSTIN || settings.SELLER_NAME ? {} : demoSeller),
      RAZORPAY_KEY_ID: keyId,
      RAZORPAY_KEY_SECRET: keySecret,
      RAZORPAY_WEBHOOK_SECRET: webhookSecret,
      RAZORPAY_BASE_URL: url + localGatewayPath,
    },
  }
}
