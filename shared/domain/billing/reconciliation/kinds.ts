/** Differences that reconciliation finds, and what each of them is. */
export const differenceKinds = {
  'payment-unknown': 'money was taken of which nobody knows what it is for; it is parked',
  'payment-missing': 'the gateway knows nothing of a payment that we have as captured',
  'payment-amount-differs': 'the amount of a payment is another one at the gateway',
  'payment-state-differs': 'our row of a payment is further than the gateway is',
  'order-amount-differs': 'the amount of an order is another one at the gateway',
  'refund-unknown': 'a refund of a payment of which the gateway shows nothing',
  'refund-missing': 'the gateway knows nothing of a refund that we have as processed',
  'refund-amount-differs': 'the amount of a refund is another one at the gateway',
  'refund-state-differs': 'our row of a refund is further than the gateway is',
  'refund-failed': 'a refund has failed; the customer is still owed the money',
  'dispute-unknown': 'a dispute about a payment of which nobody knows what it was for',
  'dispute-state-differs': 'our row of a dispute is further than the gateway is',
  'subscription-unknown': 'the gateway may charge a subscription of which nobody knows',
  'settlement-differs': 'a settlement that was booked is another one now',
  'currency-differs': 'something is not in Indian rupees; nothing of it is booked',
  'clearing-overdrawn': 'the gateway has paid out more than it took, as far as the books know',
} as const

export type DifferenceKind = keyof typeof differenceKinds
