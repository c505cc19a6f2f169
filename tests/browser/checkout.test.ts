import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright-core'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { expectBooksInOrder } from '../billing/books.ts'
import { account } from '../billing/shop.ts'
import { findBrowser, startBrowser } from '../setup/browser.ts'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

const program = await findBrowser(process.env)
if (program === null) console.warn('No Chromium is installed: the checkout is not tested in a browser')

/** Wide, for machines that are busy; nothing here takes a second on one that isn't. */
const patience = { timeout: 60_000, interval: 100 }

describe.runIf(program !== null)('in a browser', { timeout: 300_000 }, () => {
  /** The customer's own web site, to which the checkout returns. */
  const returned: Record<string, string>[] = []
  const site = createServer(async (request, response) => {
    if (request.method === 'POST') returned.push(Object.fromEntries(new URLSearchParams(await text(request))))
    response.setHeader('content-type', 'text/html').end('<title>Shop</title><h1>Thank you</h1>')
  })
  let siteUrl: string
  let product: TestProduct
  let owner: postgres.Sql
  let browser: Browser

  beforeAll(async () => {
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
    product = await startTestProduct(inject('clusterUrl'), { DEFAULT_PLAN: 'free', CORS_ORIGINS: siteUrl })
    owner = postgres(product.database.ownerUrl, { max: 1, onnotice: () => {} })
    browser = await startBrowser(program!)
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await owner?.end()
    await product?.stop()
    site.closeAllConnections()
    await new Promise((resolve) => site.close(resolve))
  })

  /** An owner of a new organization, who can be named on invoices. */
  async function owns() {
    const token = await product.signUp()
    const ask = async (method: string, path: string, body?: unknown) => {
      const answer = await call(product.url, method, path, { token, ...(body === undefined ? {} : { body }) })
      expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
      return answer.body
    }
    const { id: orgId } = await ask('POST', '/v1/organizations', { name: 'Example Industries' })
    await ask('PUT', '/v1/billing/account', account)
    return { orgId, ask }
  }

  /** An owner who has ordered a month of Team. */
  async function order() {
    const { orgId, ask } = await owns()
    const made = await ask('POST', '/v1/billing/orders', { plan_id: 'team', period: 'month', seats: 7 })
    return { orgId, ask, orderId: made.id, url: made.checkout.url as string }
  }

  /** A page of a customer's own browser; what it complains about ends up in `complaints`. */
  async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 } })
    const page = await context.newPage()
    page.setDefaultTimeout(patience.timeout)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(url)
    return { page, complaints }
  }

  /** For whoever wants to see them: ADAPT_SCREENSHOTS=folder. */
  async function keep(page: Page, name: string): Promise<void> {
    const folder = process.env.ADAPT_SCREENSHOTS
    if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
  }

  /** Nobody asks for anything: webhooks and queues bring it. */
  async function untilBought({ orgId, ask, orderId }: Awaited<ReturnType<typeof order>>): Promise<void> {
    await vi.waitFor(async () => {
      expect(await ask('GET', `/v1/billing/orders/${orderId}`)).toMatchObject({ status: 'paid' })
      const [invoice] = (await ask('GET', '/v1/billing/invoices')).data
      expect(invoice).toMatchObject({ status: 'final', total_paise: 802_046, emailed_at: expect.any(String) })
    }, patience)
    expect(await ask('GET', '/v1/billing/entitlements')).toMatchObject({ plan_id: 'team', seats: 7 })
    const [invoice] = (await ask('GET', '/v1/billing/invoices')).data
    const { download_url: pdf } = await ask('GET', `/v1/billing/invoices/${invoice.id}/download`)
    expect(
      Buffer.from(await (await fetch(pdf)).arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
    await untilBooksInOrder(orgId)
  }

  /** Webhooks, queues and schedules of the product may be at something at this very moment. */
  async function untilBooksInOrder(orgId: string): Promise<void> {
    const { database } = product.services
    await vi.waitFor(
      async () => {
        await followUp()
        await expectBooksInOrder({ database, owner, now: new Date() }, { [orgId]: { plan: 'team', seats: 7 } })
      },
      { timeout: 60_000, interval: 1_000 },
    )
  }

  /** The schedule that runs each ten minutes: charges of mandates may be told before it is known whose they are. */
  async function followUp(): Promise<void> {
    const name = 'billing-follow-up'
    const answer = await call(product.url, 'POST', `/functions/${name}`, {
      token: await product.signPush(`${product.services.config.FUNCTIONS_URL}/${name}`),
      rawBody: '',
      headers: { 'x-cloudscheduler-scheduletime': new Date().toISOString() },
    })
    expect(answer.status).toBe(200)
  }

  test('a customer whose bank declines pays on the same page, and has the plan without doing anything else', async () => {
    const bought = await order()
    const { page, complaints } = await open(bought.url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('₹8,020.46')
    await keep(page, 'checkout')
    await page.getByRole('button', { name: 'the bank declines' }).click()
    await page.getByRole('alert').waitFor()
    await keep(page, 'declined')
    await vi.waitFor(async () => {
      expect(await bought.ask('GET', `/v1/billing/orders/${bought.orderId}`)).toMatchObject({ status: 'attempted' })
    }, patience)
    expect(await bought.ask('GET', '/v1/billing/entitlements')).toMatchObject({ plan_id: 'free' })

    await page.getByRole('button', { name: 'Card ending in 1111' }).click()
    expect(await page.getByRole('status').textContent()).toContain('successful')
    await keep(page, 'paid')
    await untilBought(bought)
    await page.reload()
    await page.goto(bought.url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('This order is paid')
    await keep(page, 'again')
    expect(complaints).toEqual([])
    await page.context().close()
  })

  test('what the checkout brings back to the web site it came from verifies the payment', async () => {
    const bought = await order()
    const { page, complaints } = await open(`${bought.url}?callback_url=${encodeURIComponent(`${siteUrl}/paid`)}`)
    await page.getByRole('button', { name: 'UPI' }).first().click()
    await keep(page, 'return')
    await page.getByRole('button', { name: /^Return to/ }).click()
    await page.getByRole('heading', { name: 'Thank you' }).waitFor()
    expect(page.url()).toBe(`${siteUrl}/paid`)
    expect(returned).toHaveLength(1)
    const verified = await bought.ask('POST', `/v1/billing/orders/${bought.orderId}/verification`, returned[0])
    expect(verified).toMatchObject({ status: 'paid' })
    await untilBought(bought)
    expect(complaints).toEqual([])
    await page.context().close()
  })
  test('a mandate that a customer authorizes pays the first period at once', async () => {
    const { orgId, ask } = await owns()
    const begun = await ask('POST', '/v1/billing/subscription', { plan_id: 'team', period: 'month', seats: 7 })
    const { page, complaints } = await open(begun.authorize_url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('₹8,020.46')
    await keep(page, 'mandate')
    await page.getByRole('button', { name: 'Card ending in 1111' }).click()
    await page.getByRole('heading', { name: 'The mandate is authorized' }).waitFor()
    await keep(page, 'authorized')
    await vi.waitFor(async () => {
      expect(await ask('GET', '/v1/billing/subscription')).toMatchObject({ status: 'active', authorize_url: null })
      expect((await ask('GET', '/v1/billing/invoices')).data).toMatchObject([{ total_paise: 802_046 }])
    }, patience)
    await untilBooksInOrder(orgId)
    expect(complaints).toEqual([])
    await page.context().close()
  })
})
