import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach } from 'vitest'
import { demoCredentials } from '#shared/embedded/demo.ts'
import { ApiClient } from '../../scripts/api-client.ts'
import {
  awaitNoProcesses,
  type Ending,
  makeDataRoot,
  type ProductProcess,
  type ProductProcessOptions,
  removeDataRoot,
  startProductProcess,
} from '../../scripts/product-process.ts'

export const isRoot = process.getuid?.() === 0
/** `daemon` on Linux: initdb insists that its user has a name. */
export const ordinaryUser = 1

/** What Ctrl-C may take, until the last process is gone. */
export const stopMilliseconds = 5000

let roots: string[] = []

afterEach(async () => {
  for (const root of roots) await removeDataRoot(root)
  roots = []
}, 20_000)

/** A data folder that is not there yet; whatever runs on it ends with the test. */
export async function newDataFolder(): Promise<string> {
  const root = await makeDataRoot()
  roots.push(root)
  return join(root, 'data')
}

/** Starts the product and waits until it is ready. */
export async function startReady(
  options: ProductProcessOptions,
): Promise<{ product: ProductProcess; url: string; client: ApiClient }> {
  const product = startProductProcess(options)
  const url = await product.ready()
  const client = new ApiClient(url)
  await client.signIn(demoCredentials.email, demoCredentials.password)
  return { product, url, client }
}

/** Runs the product until it ends by itself. */
export async function startRefused(options: ProductProcessOptions): Promise<Ending & { output: string }> {
  const product = startProductProcess(options)
  const ending = await product.ended
  return { ...ending, output: product.output }
}

/** Ends the product as Ctrl-C in a terminal does; what it leaves behind, and how long it took. */
export async function pressCtrlC(
  product: ProductProcess,
  dataFolder: string,
): Promise<{ ending: Ending; left: string[]; milliseconds: number }> {
  const startedAt = performance.now()
  product.signalGroup('SIGINT')
  return watchEnd(product, dataFolder, startedAt)
}

/** The same for a signal to the one process that was started, as a service manager sends it. */
export async function terminate(
  product: ProductProcess,
  dataFolder: string,
  signal: NodeJS.Signals,
): Promise<{ ending: Ending; left: string[]; milliseconds: number }> {
  const startedAt = performance.now()
  process.kill(product.pid, signal)
  return watchEnd(product, dataFolder, startedAt)
}

async function watchEnd(product: ProductProcess, dataFolder: string, startedAt: number) {
  const left = await awaitNoProcesses(dataFolder, 2 * stopMilliseconds)
  const milliseconds = Math.round(performance.now() - startedAt)
  const tooLate = sleep(1000, { code: null, signal: null })
  const ending = await Promise.race([product.ended, tooLate])
  return { ending, left: left.map(({ command }) => command), milliseconds }
}

/** Waits until `condition` holds, looking every few milliseconds. @throws Error after the time */
export async function until(condition: () => boolean | Promise<boolean>, patienceMilliseconds = 20_000): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await sleep(5)
  }
}
