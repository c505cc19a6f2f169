import winston from 'winston'

export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger
}

/** Cloud Logging's severities for winston's levels. */
const severity: Record<string, string> = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' }

/** One JSON object a line, as Cloud Logging reads it from standard output. */
const structured = winston.format.printf(({ level, message, ...fields }) =>
  JSON.stringify({ severity: severity[level] ?? 'DEFAULT', message, time: new Date().toISOString(), ...plain(fields) }),
)

const readable = winston.format.printf(({ level, message, ...fields }) => {
  const rest = Object.entries(plain(fields)).map(
    ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return `${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${message}${rest.join('')}`
})

/** Errors become their name, code and stack; everything else stays. */
function plain(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describeError(value) : value]),
  )
}

/** The error and its causes for the log; never for a caller. */
function describeError(error: Error): Record<string, unknown> {
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    stack: error.stack ?? error.message,
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
  }
}

export function createLogger(options: { level: 'debug' | 'info' | 'warn' | 'error'; readable: boolean }): Logger {
  return winston.createLogger({
    level: options.level,
    format: options.readable ? readable : structured,
    transports: [new winston.transports.Console({ stderrLevels: [] })],
  })
}

/** Drops every line; for tests of what isn't logging. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}
