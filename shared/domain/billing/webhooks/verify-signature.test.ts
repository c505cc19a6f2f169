import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isCheckoutSignature, isSignedBy } from './verify-signature.ts'

const secret = 'the secret of the webhooks'
const body = Buffer.from('{"event":"payment.captured","created_at":1790000000, "payload":{}}')
const sign = (bytes: Uint8Array | string, by = secret) => createHmac('sha256', by).update(bytes).digest('hex')

describe('a signature', () => {
  test('is good for exactly the bytes that were signed', () => {
    expect(isSignedBy([secret], body, sign(body))).toBe(true)
    const rewritten = Buffer.from(JSON.stringify(JSON.parse(body.toString())))
    expect(isSignedBy([secret], rewritten, sign(body))).toBe(false)
    for (let index = 0; index < body.length; index++) {
      const changed = Buffer.from(body)
      changed[index] = changed[index]! ^ 1
      expect(isSignedBy([secret], changed, sign(body)), `byte ${index}`).toBe(false)
    }
    expect(isSignedBy([secret], Buffer.concat([body, Buffer.from('\n')]), sign(body))).toBe(false)
  })

  test('is as RFC 4231 has it', () => {
    const signature = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    expect(isSignedBy(['Jefe'], 'what do ya want for nothing?', signature)).toBe(true)
  })

  test('is taken of the current secret and the one before, of no other, and of none when there is none', () => {
    const previous = 'the secret before'
    expect(isSignedBy([secret, previous], body, sign(body))).toBe(true)
    expect(isSignedBy([secret, previous], body, sign(body, previous))).toBe(true)
    expect(isSignedBy([secret, undefined], body, sign(body, previous))).toBe(false)
    expect(isSignedBy([undefined, ''], body, sign(body, ''))).toBe(false)
    expect(isSignedBy([], body, sign(body))).toBe(false)
  })

  test('that is none is refused, whatever it is', () => {
    const good = sign(body)
    const none = [
      undefined,
      '',
      good.slice(0, -1),
      `${good}0`,
      `${good.slice(0, -1)}g`,
      good.toUpperCase(),
      Buffer.from(good, 'hex').toString('base64'),
      ` ${good}`,
      `sha256=${good}`,
      'é'.repeat(64),
      '0'.repeat(64),
    ]
    for (const signature of none) expect(isSignedBy([secret], body, signature), String(signature)).toBe(false)
  })

  test('of a checkout is of this payment and this order', () => {
    const checkout = {
      gatewayOrderId: 'order_1',
      gatewayPaymentId: 'pay_1',
      signature: sign('order_1|pay_1'),
    }
    expect(isCheckoutSignature(secret, checkout)).toBe(true)
    expect(isCheckoutSignature('another secret', checkout)).toBe(false)
    expect(isCheckoutSignature(secret, { ...checkout, gatewayOrderId: 'order_2' })).toBe(false)
    expect(isCheckoutSignature(secret, { ...checkout, gatewayPaymentId: 'pay_2' })).toBe(false)
    expect(isCheckoutSignature(secret, { ...checkout, signature: sign('pay_1|order_1') })).toBe(false)
  })
})
