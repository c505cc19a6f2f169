import { afterAll, beforeAll, inject } from 'vitest'
import { startTestGateway, type TestGateway } from '../../../tests/setup/gateway.ts'
import { describePaymentGateway } from './contract.ts'

let test: TestGateway
beforeAll(async () => {
  test = await startTestGateway(inject('clusterUrl'))
})
afterAll(() => test.stop())

describePaymentGateway('the razorpay package with the local gateway', () => ({
  gateway: test.payments,
  now: test.now,
  passSeconds: test.advance,
  customer: {
    pay: async (orderId, outcome) => (await test.controls.pay(orderId, { outcome })).razorpay_payment_id,
    async authorize(subscriptionId, method) {
      await test.controls.authorizeMandate(subscriptionId, { method })
    },
  },
  async charge(subscriptionId, succeeds) {
    await test.controls.charge(subscriptionId, { succeeds })
  },
  dispute: async (paymentId) => (await test.controls.dispute(paymentId)).id,
  async settle() {
    await test.controls.settle()
  },
  trouble: (mode, { method, path }) => test.controls.fail({ mode, method, path }),
}))
