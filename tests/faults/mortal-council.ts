import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RunStep } from '#shared/domain/agents/messages.ts'
import type { Fate } from './mortal.ts'
import type { CouncilErrand, FromCouncil } from './mortal-council-process.ts'

const program = fileURLToPath(new URL('mortal-council-process.ts', import.meta.url))

/** A process of the council beside the test's, to be killed in the middle of steps. */
export class MortalCouncil {
  /** Tasks that it has sent. */
  readonly sent: RunStep[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<NodeJS.Signals | null>
  readonly #fates = new Map<string, PromiseWithResolvers<Fate>>()
  #errors = ''

  constructor(databaseUrl: string) {
    this.#child = fork(program, [databaseUrl], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (_code, signal) => {
        for (const fate of this.#fates.values()) fate.reject(new Error(`the process ended too early: ${this.#errors}`))
        resolve(signal)
      })
    })
    this.#child.on('message', (message: FromCouncil) => {
      const fate = this.#fates.get(message.errand)
      if (message.kind === 'enqueued') this.sent.push(message.step)
      else if (message.kind === 'stopped') fate?.resolve({ at: message.at })
      else fate?.resolve({ steps: message.steps })
    })
  }

  /** Has it go as far as to the await that the errand names, counted from 1, or to the end. */
  go(errand: CouncilErrand): Promise<Fate> {
    const fate = Promise.withResolvers<Fate>()
    this.#fates.set(errand.id, fate)
    this.#child.send(errand)
    return fate.promise
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    const signal = await this.#ended
    if (signal !== 'SIGKILL') throw new Error(`the process had ended already: ${this.#errors}`)
  }
}
