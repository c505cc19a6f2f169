import { formatRupees } from '#shared/domain/billing/money.ts'
import { escapeHtml, pageHeaders } from '../../html-page.ts'
import type { CheckoutResult } from '../local-gateway.ts'
import type { WireOrder, WirePlan, WireSubscription } from './wire.ts'

const style = `
  :root { color-scheme: light; --ink: #16202e; --soft: #5b6878; --line: #dbe1e8; --accent: #1f5fd1; }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem;
    background: #eef2f6; color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
  main { width: 100%; max-width: 27rem; background: #fff; border: 1px solid var(--line); border-radius: 14px;
    overflow: hidden; box-shadow: 0 12px 32px rgb(22 32 46 / 10%); }
  header { padding: 1.5rem; background: #14294a; color: #fff; }
  header p { margin: 0; color: #c5d2e6; font-size: .875rem; }
  h1 { margin: .25rem 0 0; font-size: 1.75rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
  section { padding: 1.25rem 1.5rem; }
  h2 { margin: 0 0 .75rem; font-size: .875rem; color: var(--soft); font-weight: 600; }
  form + h2, dl + h2 { margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
  form { margin: 0; display: grid; gap: .5rem; }
  button { display: block; width: 100%; padding: .7rem 1rem; border: 1px solid var(--line); border-radius: 8px;
    background: #fff; color: inherit; font: inherit; text-align: left; cursor: pointer; }
  button:hover { border-color: var(--accent); }
  button:focus-visible { outline: 3px solid #9dbdf5; outline-offset: 1px; }
  button.main { background: var(--accent); border-color: var(--accent); color: #fff; font-weight: 600; }
  dl { margin: 0; }
  dt { color: var(--soft); font-size: .8125rem; }
  dd { margin: 0 0 .75rem; font: .875rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
  .alert { margin: 0 0 1rem; padding: .6rem .8rem; border-radius: 8px; background: #fdecec; color: #8c1d1d; }
  .done { margin: 0 0 1rem; padding: .6rem .8rem; border-radius: 8px; background: #e6f5ec; color: #155c33; }
  footer { padding: 0 1.5rem 1.25rem; color: var(--soft); font-size: .8125rem; }
`

export const headersOf = (callback: URL | null) => pageHeaders(style, callback?.origin ?? null)

function frame(title: string, head: { above: string; heading: string; below: string }, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<main>
<header><p>${escapeHtml(head.above)}</p><h1>${escapeHtml(head.heading)}</h1><p>${escapeHtml(head.below)}</p></header>
<section>
${body}
</section>
<footer>This page stands in for Razorpay on this machine. No money moves, and nothing is sent anywhere else.</footer>
</main>
</html>
`
}

const alert = (error: string | null) => (error === null ? '' : `<p class="alert" role="alert">${escapeHtml(error)}</p>`)

function choices(groups: Record<string, Record<string, string>>): string {
  const blocks = Object.entries(groups).map(([heading, buttons], group) => {
    const lines = Object.entries(buttons).map(
      ([value, label], index) =>
        `<button name="decision" value="${escapeHtml(value)}"${group + index === 0 ? ' class="main"' : ''}>${escapeHtml(label)}</button>`,
    )
    return `<h2>${escapeHtml(heading)}</h2>\n<form method="post">\n${lines.join('\n')}\n</form>`
  })
  return blocks.join('\n')
}

export function checkoutPage(order: WireOrder, error: string | null): string {
  const head = { above: 'Pay RaptorFlow', heading: formatRupees(order.amount_due), below: `Order ${order.id}` }
  return frame(
    'Checkout',
    head,
    alert(error) +
      choices({
        'Pay with': { 'card:pay': 'Card ending in 1111', 'upi:pay': 'UPI someone@upi', 'netbanking:pay': 'Netbanking' },
        'See what happens when': {
          'card:fail': 'the bank declines',
          'card:late': 'the bank answers late: it fails, and is authorized after all',
          close: 'the customer leaves without paying',
        },
      }),
  )
}

export function mandatePage(
  subscription: WireSubscription,
  plan: WirePlan,
  upfrontPaise: number,
  error: string | null,
): string {
  const each = `${formatRupees(plan.item.amount)} a ${plan.period === 'monthly' ? 'month' : 'year'}`
  const upfront = upfrontPaise > 0 ? `${formatRupees(upfrontPaise)} now, then` : 'Nothing now,'
  const first = subscription.start_at === null ? 'The first now' : `${upfront} from ${dayOf(subscription.start_at)}`
  const head = {
    above: `Authorize payments to RaptorFlow: ${plan.item.name}`,
    heading: each,
    below: `${first} · ${subscription.id}`,
  }
  return frame(
    'Mandate',
    head,
    alert(error) +
      choices({
        'Authorize with': { 'card:pay': 'Card ending in 1111', 'upi:pay': 'UPI AutoPay someone@upi' },
        'See what happens when': {
          'card:fail': 'the bank declines',
          'close:': 'the customer leaves',
        },
      }),
  )
}

/** What was handed over; with a button that brings it to the merchant, where one waits for it. */
export function resultPage(order: WireOrder, result: CheckoutResult, callback: URL | null): string {
  const head = { above: 'Paid to RaptorFlow', heading: formatRupees(order.amount), below: `Order ${order.id}` }
  const rows = Object.entries(result).map(
    ([name, value]) => `<dt>${name}</dt><dd id="${name}">${escapeHtml(value)}</dd>`,
  )
  const hidden = Object.entries(result).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`,
  )
  const back = callback
    ? `<h2>Back</h2>\n<form method="post" action="${escapeHtml(callback.href)}">\n${hidden.join('\n')}\n<button class="main">Return to ${escapeHtml(callback.host)}</button>\n</form>`
    : ''
  return frame(
    'Paid',
    head,
    `<p class="done" role="status">The payment was successful. You can close this page.</p>
<h2>For the verification of the payment</h2>
<dl>
${rows.join('\n')}
</dl>
${back}`,
  )
}

export function messagePage(heading: string, text: string): string {
  return frame(heading, { above: 'RaptorFlow', heading, below: '' }, `<p>${escapeHtml(text)}</p>`)
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString('en-IN', { dateStyle: 'long', timeZone: 'Asia/Kolkata' })
}
