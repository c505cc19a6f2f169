import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../', import.meta.url))

export interface ProductProcessOptions {
  dataFolder: string
  /** 0: any that is free. */
  port?: number
  /** `npm`: as people start it, through `npm start`; otherwise its program alone. */
  through?: 'npm' | 'node'
  /** Another user, if this process is root. */
  uid?: number
  environment?: Record<string, string>
}

export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
}

/** The product in a process of its own, for those who measure it and those who kill it. */
export interface ProductProcess {
  readonly pid: number
  /** What it has printed so far. */
  readonly output: string
  readonly ended: Promise<Ending>
  /** Its address, once it says that it is ready. @throws Error with what it printed, when it ends before that */
  ready(): Promise<string>
  /** Signals the whole process group, as a terminal does on Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void
}

/** Starts the product, in a process group of its own. */
export function startProductProcess(options: ProductProcessOptions): ProductProcess {
  const [program, args] =
    options.through === 'npm' ? ['npm', ['start']] : [process.execPath, [join(repository, 'scripts/start.ts')]]
  const child = spawn(program, args, {
    cwd: repository,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of the caller's settings: what it measures or breaks is the product as it comes.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: tmpdir(),
      DATA_FOLDER: options.dataFolder,
      PORT: String(options.port ?? 0),
      ...options.environment,
    },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  return watch(child)
}

function watch(child: ChildProcess): ProductProcess {
  let output = ''
  let look = () => {}
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      look()
    })
  }
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const address = new Promise<string>((resolve, reject) => {
    look = () => {
      const found = /^ {2}address {3}(\S+)$/m.exec(output)?.[1]
      if (found) resolve(found)
    }
    const notReady = () => reject(new Error(`the product ended before it was ready:\n${output}`))
    ended.then(notReady, reject)
  })
  address.catch(() => {})
  const pid = child.pid ?? 0
  return {
    pid,
    get output() {
      return output
    },
    ended,
    ready: () => address,
    signalGroup: (signal) => process.kill(-pid, signal),
  }
}

/** A new folder below which a product may keep its data, whoever runs it. */
export async function makeDataRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'adapt-product-'))
  await chmod(root, 0o777)
  return root
}

/** A port of 127.0.0.1 that nobody listens on. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

export interface FoundProcess {
  pid: number
  command: string
}

/**
 * All living processes that have to do with a folder (Linux only): they work in it, or their arguments or environment
 * name it.
 */
export async function processesOf(folder: string): Promise<FoundProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment, workingFolder] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ])
      // A zombie has neither arguments nor a folder any more.
      const isOfFolder = [command, environment, workingFolder].some((text) => text.includes(folder))
      return isOfFolder && pid !== process.pid ? [{ pid, command: command.replaceAll('\0', ' ').trim() }] : []
    }),
  )
  return found.flat()
}

/** Waits until no process has to do with a folder any more; returns those that are left after the time. */
export async function awaitNoProcesses(folder: string, patienceMilliseconds: number): Promise<FoundProcess[]> {
  const deadline = Date.now() + patienceMilliseconds
  for (;;) {
    const left = await processesOf(folder)
    if (left.length === 0 || Date.now() > deadline) return left
    await sleep(20)
  }
}

/** Ends whatever runs on a folder, and removes it. */
export async function removeDataRoot(root: string): Promise<void> {
  for (const { pid } of await processesOf(root)) kill(pid)
  await awaitNoProcesses(root, 5000)
  await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** Kills a process (`kill -9`) that may be gone already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
