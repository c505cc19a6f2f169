import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../product-process.ts'

const require = createRequire(import.meta.url)
/** What the package's command runs; it lies beside the package's module. */
const cli = join(dirname(require.resolve('@google-cloud/functions-framework')), 'main.js')
const pollMilliseconds = 2

/** One function in a process of its own, under the command line of functions-framework. */
export interface FunctionProcess {
  readonly url: string
  readonly pid: number
  /** `performance.now()` of the moment before it was started. */
  readonly startedAt: number
  /** What it has printed so far. */
  readonly output: string
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** Resolves once it accepts connections. @throws Error with what it printed, when it ends before that */
  listening(): Promise<void>
  signal(name: NodeJS.Signals): void
}

/**
 * Starts a function as it is started when deployed.
 * @param folder of its bundle
 * @param environment its settings; it gets nothing else of this process's environment but `PATH`
 */
export async function startFunction(
  folder: string,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<FunctionProcess> {
  const port = await findFreePort()
  const startedAt = performance.now()
  const child = spawn(process.execPath, [cli, `--source=${folder}`, `--target=${name}`, `--port=${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...environment },
  })
  return watch(child, port, startedAt)
}

function watch(child: ChildProcess, port: number, startedAt: number): FunctionProcess {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  let hasEnded = false
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      hasEnded = true
      resolve(code)
    })
  })
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    startedAt,
    get output() {
      return output
    },
    ended,
    async listening() {
      while (!(await accepts(port))) {
        if (hasEnded) throw new Error(`the function ended before it listened:\n${output}`)
        await sleep(pollMilliseconds)
      }
    },
    signal: (name) => void child.kill(name),
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
