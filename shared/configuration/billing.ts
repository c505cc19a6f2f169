import * as v from 'valibot'
import { isGstin } from '../domain/billing/tax/gstin.ts'
import { isSecret, url } from './values.ts'

const secret = v.pipe(v.optional(v.pipe(v.string(), v.minLength(8, 'must have at least 8 characters'))), isSecret())
/** Whoever knows it says what was paid. */
const webhookSecret = v.pipe(secret, v.metadata({ secret: true, random: true }))
const text = (standard: string) => v.optional(v.pipe(v.string(), v.maxLength(200)), standard)
const days = v.pipe(v.string(), v.regex(/^\d{1,2}$/, 'must be a whole number of days'), v.transform(Number))

/** Settings of what is sold, of who sells it, and of the gateway that takes the money. */
export const billingSettings = {
  RAZORPAY_KEY_ID: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^rzp_(test|live)_\w+$/, 'must be a key id, rzp_test_… or rzp_live_…'))),
    v.description(
      'Key id of Razorpay; without it npm start has a gateway of its own, and deployed functions sell nothing',
    ),
  ),
  RAZORPAY_KEY_SECRET: v.pipe(secret, v.description('Secret of that key')),
  RAZORPAY_WEBHOOK_SECRET: v.pipe(webhookSecret, v.description('Secret by which Razorpay signs its webhooks')),
  RAZORPAY_WEBHOOK_SECRET_PREVIOUS: v.pipe(
    webhookSecret,
    v.description('The one before, still good while webhooks signed by it are repeated: for a day after a change'),
  ),
  RAZORPAY_BASE_URL: v.pipe(v.optional(url, 'https://api.razorpay.com'), v.description('Where Razorpay is asked')),
  DEFAULT_PLAN: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{1,39}$/)), 'free'),
    v.description('Plan of organizations that pay nothing; enterprise has no limits, for an installation of your own'),
  ),
  BILLING_GRACE_DAYS: v.pipe(
    v.optional(days, '7'),
    v.description('Days for which a plan stays usable after its paid end, while charges are repeated'),
  ),
  SELLER_NAME: v.pipe(text('RaptorFlow'), v.description('Who sells, on invoices')),
  SELLER_GSTIN: v.pipe(
    v.optional(
      v.pipe(
        v.string(),
        v.check((text) => text === '' || isGstin(text), 'must be a GSTIN; its last character checks the others'),
      ),
      '',
    ),
    v.description('GSTIN of the seller, on invoices; without it they bear no tax'),
  ),
  SELLER_ADDRESS: v.pipe(text(''), v.description('Address of the seller, on invoices; lines separated by |')),
  SELLER_STATE_CODE: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^\d\d$/, 'must be the GST code of a state, two digits')), '27'),
    v.description('GST code of the state of the seller: tax within it is CGST and SGST, else IGST'),
  ),
  SELLER_EMAIL: v.pipe(text('billing@raptorflow.example'), v.description('Where customers ask about invoices')),
  SELLER_SAC: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^\d{4,6}$/, 'must be a services accounting code')), '998315'),
    v.description('Services accounting code of what is sold, on invoices'),
  ),
  SMTP_URL: v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://'))),
    isSecret(),
    v.description(
      'Mail server, smtps://user:password@host:465; without it mails are written to the log, in staging and production no more than that there was one',
    ),
  ),
  MAIL_FROM: v.pipe(text('RaptorFlow ADAPT <no-reply@raptorflow.example>'), v.description('Sender of mails')),
}
