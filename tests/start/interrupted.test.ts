import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Project } from '#shared/domain/tenancy/schemas.ts'
import { kill, processesOf, startProductProcess } from '../../scripts/product-process.ts'
import { Random } from '../faults/random.ts'
import { moments } from './moments.ts'
import { newDataFolder, startReady, until } from './products.ts'

const seed = Number(process.env.ADAPT_FAULT_SEED ?? randomInt(2 ** 31))

test('a first start that is killed at every step of its way is taken up by the next', {
  timeout: 120_000,
}, async () => {
  const dataFolder = await newDataFolder()
  for (const [moment, hasCome] of Object.entries(moments)) {
    const product = startProductProcess({ dataFolder })
    await until(() => product.output !== '' && hasCome(dataFolder)).catch(() =>
      expect.unreachable(`${moment}:\n${product.output}`),
    )
    kill(product.pid)
    expect(await product.ended).toEqual({ code: null, signal: 'SIGKILL' })
  }
  const { client } = await startReady({ dataFolder })
  expect(await client.list<Project>('/v1/projects')).toEqual([])
})

test(`starts killed at random moments, database and all, harm nothing (seed ${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = new Random(seed)
  const dataFolder = await newDataFolder()
  for (let round = 0; round < 5; round++) {
    const product = startProductProcess({ dataFolder })
    await sleep(random.integer(200, 3000))
    kill(product.pid)
    if (random.next() < 0.5) for (const { pid } of await processesOf(dataFolder)) kill(pid)
    await product.ended
  }
  const { client, url } = await startReady({ dataFolder })
  expect(await client.list<Project>('/v1/projects')).toEqual([])
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  const commands = (await processesOf(dataFolder)).map(({ command }) => command)
  expect(commands.filter((command) => command.includes('initdb'))).toEqual([])
  expect(commands.filter((command) => command.includes('/postgres -D'))).toHaveLength(1)
})
