import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FoundEmulator } from './find.ts'

/** A running emulator. */
export interface Emulator {
  /** `127.0.0.1:port`, as the clients' environment variables (PUBSUB_EMULATOR_HOST, FIRESTORE_EMULATOR_HOST) want it. */
  host: string
  stop(): Promise<void>
}

const startSeconds = 60
const tries = 3
const keptOutputCharacters = 4000

/**
 * Holds the emulator by a pipe: when the process that started it ends, however it ends, the pipe closes and the
 * emulator is killed, so that no test run leaves a Java machine behind.
 */
const leash = 'exec 3<&0; "$@" 3<&- & child=$!; { cat <&3 >/dev/null; kill -9 $child 2>/dev/null; } & wait $child'

/**
 * Starts an emulator on a free port of this machine and waits until it answers.
 *
 * @throws Error with the emulator's last output when it doesn't come up within a minute.
 */
export async function startEmulator(found: FoundEmulator): Promise<Emulator> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    const host = `127.0.0.1:${port}`
    const args = [...found.args, '--host=127.0.0.1', `--port=${port}`]
    const child = spawn('sh', ['-c', leash, 'sh', found.command, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    const output = collect(child)
    const stop = () => stopChild(child)
    try {
      await answers(host, child)
      return { host, stop }
    } catch (error) {
      await stop()
      // Somebody may have taken the port between the look and the start.
      if (attempt < tries && /address already in use|failed to bind/i.test(output())) continue
      throw new Error(`The ${found.name} emulator did not start: ${output()}`, { cause: error })
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Keeps the end of what the emulator prints, and keeps its pipes from filling up. */
function collect(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-keptOutputCharacters)
    })
  }
  return () => text
}

/** Both emulators answer `GET /` on their port with 200 "Ok" once they serve. */
async function answers(host: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startSeconds * 1000
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`)
    const response = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    if (response?.ok && /^ok\s*$/i.test(await response.text())) return
    await sleep(50)
  }
  throw new Error(`no answer for ${startSeconds} seconds`)
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  // Lets go of the leash. What an emulator holds is not worth a slow goodbye.
  child.stdin?.destroy()
  await ended
}
