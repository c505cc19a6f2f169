import type { LogFields, Logger } from '#shared/runtime/log.ts'

export interface Line {
  level: 'debug' | 'info' | 'warn' | 'error'
  message: string
  fields: LogFields
}

/** A logger that keeps its lines. */
export class RecordingLogger implements Logger {
  readonly lines: Line[] = []

  debug = this.#at('debug')
  info = this.#at('info')
  warn = this.#at('warn')
  error = this.#at('error')

  child(): Logger {
    return this
  }

  #at(level: Line['level']) {
    return (message: string, fields: LogFields = {}) => {
      this.lines.push({ level, message, fields })
    }
  }
}
