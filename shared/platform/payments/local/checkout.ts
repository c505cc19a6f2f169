import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { LocalGateway } from '../local-gateway.ts'
import { ApiError, refused, unknownId } from './api-error.ts'
import { checkoutPage, headersOf, mandatePage, messagePage, resultPage } from './pages.ts'
import type { Method } from './payments.ts'
import type { Store } from './store.ts'

interface Page {
  html: string
  headers: Record<string, string>
}

/** The pages on which people pay orders and authorize mandates. Whoever knows the id may, as at Razorpay. */
export function createPages(parts: { gateway: LocalGateway; read: Store['read']; callbackOrigins: readonly string[] }) {
  const { gateway, read } = parts

  const page = (html: string, callback: URL | null = null): Page => ({ html, headers: headersOf(callback) })

  async function checkout(id: string, callback: URL | null, form: URLSearchParams | null): Promise<Page> {
    const { wire: order } = await read((work) => work.get('order', id))
    if (order.status === 'paid') return page(messagePage('This order is paid', 'Nothing more is due.'))
    if (form === null) return page(checkoutPage(order, null), callback)
    const decision = form.get('decision') ?? ''
    if (decision === 'close') {
      return page(messagePage('You have left the checkout', 'Nothing was paid. The order can still be paid.'))
    }
    const [method, outcome] = decision.split(':')
    if (!isMethod(method)) throw refused('Choose one of the ways')
    if (outcome === 'pay') {
      const { payment: _, ...result } = await gateway.pay(id, { method })
      return page(resultPage(order, result, callback), callback)
    }
    const { payment } = await gateway.pay(id, { method, outcome: 'failed' })
    if (outcome === 'late') gateway.authorizeSoon(payment.id)
    const text =
      outcome === 'late' ? 'The bank has not answered yet. It may still take the payment.' : 'The payment failed.'
    return page(checkoutPage(order, `${text} (${payment.id})`), callback)
  }

  async function mandate(id: string, form: URLSearchParams | null): Promise<Page> {
    const { subscription, plan } = await read(async (work) => {
      const subscription = await work.get('subscription', id)
      return { subscription, plan: (await work.get('plan', subscription.wire.plan_id)).wire }
    })
    const { wire, inside } = subscription
    if (wire.status !== 'created') return page(messagePage('This mandate is settled', `It is ${wire.status}.`))
    if (form === null) return page(mandatePage(wire, plan, inside.upfrontPaise, null))
    const [method, outcome] = (form.get('decision') ?? '').split(':')
    if (method === 'close') return page(messagePage('You have left', 'Nothing was authorized. You can come back.'))
    if (!isMethod(method)) throw refused('Choose one of the ways')
    await gateway.authorizeMandate(id, { method, succeeds: outcome === 'pay' })
    return outcome === 'pay'
      ? page(messagePage('The mandate is authorized', 'You can close this page.'))
      : page(mandatePage(wire, plan, inside.upfrontPaise, 'The authorization failed.'))
  }

  /** An address that the result is sent to. @throws ApiError when it isn't an allowed one */
  function callbackOf(query: URLSearchParams): URL | null {
    const text = query.get('callback_url')
    if (!text) return null
    const url = URL.canParse(text) ? new URL(text) : null
    // The origin of `blob:` is that of who made it.
    const isPage = url?.protocol === 'https:' || url?.protocol === 'http:'
    if (!url || !isPage || !parts.callbackOrigins.includes(url.origin))
      throw refused('callback_url is of an unknown origin')
    return url
  }

  return {
    /** What a person sees who can't have what they asked for. */
    refusal: ({ message }: ApiError): Page => page(messagePage('That did not work', message)),

    /** @throws ApiError */
    async answer(
      { method, headers }: IncomingMessage,
      path: string,
      query: URLSearchParams,
      form: URLSearchParams | null,
    ): Promise<Page> {
      const [, kind, id = '', ...rest] = path.split('/')
      if (rest.length > 0 || !/^[a-z]+_[A-Za-z0-9]{14}$/.test(id)) throw unknownId()
      if (method !== 'GET' && method !== 'POST') throw new ApiError(405, 'Method not allowed')
      if (form && isForeign(headers)) throw new ApiError(403, 'This form was sent by another site')
      return kind === 'checkout' ? checkout(id, callbackOf(query), form) : mandate(id, form)
    },
  }
}

function isMethod(text: string | undefined): text is Method {
  return text === 'card' || text === 'upi' || text === 'netbanking'
}

/** Whether a browser says that another site's page sent this. */
function isForeign(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return true
  const { origin, host } = headers
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}
