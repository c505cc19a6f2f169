import type { BillingSettings } from './effects.ts'

/** What billing needs of the configuration. */
export interface BillingConfig {
  SELLER_NAME: string
  SELLER_GSTIN: string
  SELLER_ADDRESS: string
  SELLER_STATE_CODE: string
  SELLER_EMAIL: string
  SELLER_SAC: string
  DEFAULT_PLAN: string
  BILLING_GRACE_DAYS: number
}

export function billingSettings(config: BillingConfig): BillingSettings {
  const address = config.SELLER_ADDRESS.split('|').map((line) => line.trim())
  return {
    seller: {
      name: config.SELLER_NAME,
      gstin: config.SELLER_GSTIN,
      addressLines: address.filter(Boolean),
      // A registration is one of a state.
      stateCode: config.SELLER_GSTIN.slice(0, 2) || config.SELLER_STATE_CODE,
      email: config.SELLER_EMAIL,
      sac: config.SELLER_SAC,
    },
    defaultPlanId: config.DEFAULT_PLAN,
    graceDays: config.BILLING_GRACE_DAYS,
  }
}
