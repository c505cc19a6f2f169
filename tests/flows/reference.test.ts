import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { call, startTestProduct, type TestProduct } from '../setup/product.ts'

let product: TestProduct
beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
})
afterAll(() => product.stop())

const get = (path: string, headers: Record<string, string> = {}) => call(product.url, 'GET', path, { headers })

describe('/docs', () => {
  test('is a page that runs only what this server gives it', async () => {
    const { status, body, headers } = await get('/docs')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    // Nothing that the policy would stop, and nothing from elsewhere.
    expect(body).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
    const addresses = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1])
    expect(addresses.filter((address) => !/^(\/docs\/|\/v1\/openapi\.json$|data:,)/.test(address))).toEqual([])
  })

  test('loads files that are kept for a year, packed for who takes them so', async () => {
    const { body } = await get('/docs')
    const files: string[] = [...body.matchAll(/"(\/docs\/[^"]+)"/g)].map((match) => match[1]!)
    expect(files).toHaveLength(4)
    for (const file of files) {
      for (const encoding of ['identity', 'gzip', 'br']) {
        const { status, headers, body: content } = await get(file, { 'accept-encoding': encoding })
        expect([file, status, headers.get('content-encoding') ?? 'identity']).toEqual([file, 200, encoding])
        expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
        expect(headers.get('vary')).toContain('Accept-Encoding')
        expect(headers.get('content-type')).toMatch(file.endsWith('.js') ? /^text\/javascript/ : /^text\/css/)
        expect(content.length).toBeGreaterThan(100)
      }
    }
  })

  test('has no other files', async () => {
    for (const name of ['swagger-ui.js', 'package.json', '..%2fpackage.json', 'constructor', '__proto__']) {
      const { status, body } = await get(`/docs/${name}`)
      expect([name, status, body.error.code]).toEqual([name, 404, 'NOT_FOUND'])
    }
  })
})

describe('/v1/openapi.json', () => {
  test('is the document of this installation, and 304 while it has not changed', async () => {
    const { status, body, headers } = await get('/v1/openapi.json')
    expect(status).toBe(200)
    expect(body.openapi).toBe('3.1.0')
    expect(body.servers).toEqual([{ url: product.url }])
    expect(body.paths['/v1/projects'].get.operationId).toBe('projects-list')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    const again = await get('/v1/openapi.json', { 'if-none-match': headers.get('etag')!, 'accept-encoding': 'br' })
    expect([again.status, again.body]).toEqual([304, ''])
  })

  test('can be asked for by HEAD', async () => {
    const answer = await fetch(`${product.url}/v1/openapi.json`, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })
})
