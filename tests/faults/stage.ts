import type postgres from 'postgres'
import { expect, inject } from 'vitest'
import { type Instance, startInstance } from '../setup/instance.ts'
import { call, startTestProduct, type TestProduct, uploadDocument } from '../setup/product.ts'
import { Carrier } from './carrier.ts'
import { openUrlAsOwner } from './invariants.ts'
import type { ReportFile } from './reports.ts'

/** A product whose messages are carried by the test: `instance` serves what the product does, and sends by the carrier. */
export interface Stage {
  product: TestProduct
  owner: postgres.Sql
  carrier: Carrier
  instance: Instance
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const product = await startTestProduct(inject('clusterUrl'))
  const carrier = new Carrier(product)
  const { bus, queue } = carrier
  const instance = await startInstance({ ...product.services, bus, queue }, product.functions)
  const owner = openUrlAsOwner(product.database.ownerUrl)
  return {
    product,
    owner,
    carrier,
    instance,
    async close() {
      await instance.stop()
      await owner.end()
      await product.stop()
    },
  }
}

/** Makes an organization; returns the token of its owner. */
export async function signUp({ product }: Stage): Promise<string> {
  const token = await product.signUp()
  const made = await call(product.url, 'POST', '/v1/organizations', { token, body: { name: 'Faults' } })
  expect(made.status).toBe(201)
  return token
}

/** Uploads files and starts their processing, whose first messages the carrier then has. */
export async function uploadAll(
  { product, instance }: Stage,
  token: string,
  files: readonly Pick<ReportFile, 'name' | 'contentType' | 'bytes'>[],
): Promise<void> {
  for (const { name, contentType, bytes } of files) {
    const id = await uploadDocument(product.url, token, { fileName: name, contentType, content: bytes })
    const answer = await call(instance.url, 'POST', `/v1/documents/${id}/complete`, { token })
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
  }
}

/** Waits for what the product sent and did by itself: its own sweeper runs every minute. */
export async function untilAtRest({ product }: Stage): Promise<void> {
  const busy = async () =>
    (await product.cloud.depth()).filter(
      ({ queue, waiting, active, delayed }) => !queue.startsWith('schedule') && waiting + active + delayed > 0,
    )
  await expect.poll(busy, { timeout: 60_000 }).toEqual([])
}
