import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { newId } from '#shared/domain/ids.ts'
import { startTestProduct, type TestProduct } from '../../tests/setup/product.ts'
import { baseContext, serviceScope } from './contexts.ts'

let product: TestProduct

beforeAll(async () => {
  product = await startTestProduct(inject('clusterUrl'))
})
afterAll(() => product.stop())

test('what is read beside the transaction of a handler can write nothing', async () => {
  const { services } = product
  const orgId = newId()
  const { read } = baseContext(services, {
    functionName: 'a-test',
    resources: {},
    principal: null,
    scope: serviceScope(orgId, null),
    requestId: newId(),
    traceparent: null,
    now: services.now(),
    log: services.log,
    signal: new AbortController().signal,
    address: null,
  })
  const writing = read((sql) => sql`insert into organizations (id, name) values (${orgId}, 'o')`)
  await expect(writing).rejects.toMatchObject({ code: '25006' })
  expect(await read((sql) => sql`select id from organizations`)).toEqual([])
})
