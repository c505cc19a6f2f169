import type { Writable } from 'node:stream'
import winston from 'winston'
import { redact, redactText } from './redact.ts'

export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger
}

type Fields = Record<string, unknown>

/** Cloud Logging's severities for winston's levels. */
const severity: Record<string, string> = { debug: 'DEBUG', info: 'INFO', warn: 'WARNING', error: 'ERROR' }

/** By what lines are searched for. */
const labels = ['requestId', 'orgId', 'userId', 'function']

/**
 * One JSON object a line, with the fields that `@google-cloud/logging-winston` writes (docs/decisions/0010): Cloud
 * Logging lifts those it knows out of the line.
 */
function structuredLine(level: string, message: string, fields: Fields, project: string | undefined): string {
  const line: Fields = { severity: severity[level] ?? 'DEFAULT', message, time: new Date().toISOString() }
  const found: Fields = {}
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (value === undefined || Object.hasOwn(line, name)) continue
    if (labels.includes(name)) {
      // Labels are text; who is not there has none.
      if (value !== null) found[name] = String(value)
    } else if (name === 'traceparent') setTrace(line, value, project)
    else line[name] = value
  }
  line['logging.googleapis.com/labels'] = found
  setRequest(line)
  setStack(line)
  return JSON.stringify(line)
}

/** The trace that a line belongs to, from a W3C `traceparent`: version, trace, span, flags. */
function setTrace(line: Fields, traceparent: unknown, project: string | undefined): void {
  if (typeof traceparent !== 'string' || !project) return
  const [, trace, span, flags = '00'] = traceparent.split('-')
  line['logging.googleapis.com/trace'] = `projects/${project}/traces/${trace}`
  line['logging.googleapis.com/spanId'] = span
  line['logging.googleapis.com/trace_sampled'] = (Number.parseInt(flags, 16) & 1) === 1
}

/** A request's line, as Cloud Logging shows requests (LogEntry.HttpRequest). */
function setRequest(line: Fields): void {
  const { method, path, status, milliseconds } = line
  if (typeof method !== 'string' || typeof path !== 'string' || typeof status !== 'number') return
  line.httpRequest = {
    requestMethod: method,
    requestUrl: path,
    status,
    ...(typeof milliseconds === 'number' ? { latency: `${milliseconds / 1000}s` } : {}),
  }
  for (const name of ['method', 'path', 'status', 'milliseconds']) delete line[name]
}

/** Where Error Reporting looks for it. */
function setStack(line: Fields): void {
  const error = line.error as { stack?: unknown } | undefined
  if (typeof error?.stack !== 'string') return
  const { stack, ...rest } = error
  line.stack_trace = stack
  line.error = rest
}

function readableLine(level: string, message: string, fields: Fields): string {
  const rest = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && value !== null && name !== 'traceparent')
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${message}${rest.join('')}`
}

export interface LoggerOptions {
  level: 'debug' | 'info' | 'warn' | 'error'
  /** For people, instead of one JSON object a line. */
  readable: boolean
  /** Project of Google Cloud, to tie lines to their trace. */
  project?: string | undefined
  /** Where lines go, instead of standard output. */
  stream?: Writable
}

/** Makes the logger. Whatever is logged goes through `redact` first. */
export function createLogger(options: LoggerOptions): Logger {
  const format = winston.format.printf(({ level, message, ...given }) => {
    const fields = redact(given) as Fields
    const text = redactText(typeof message === 'string' ? message : JSON.stringify(redact(message)))
    return options.readable ? readableLine(level, text, fields) : structuredLine(level, text, fields, options.project)
  })
  return winston.createLogger({
    level: options.level,
    format,
    transports: [
      options.stream
        ? new winston.transports.Stream({ stream: options.stream })
        : new winston.transports.Console({ stderrLevels: [] }),
    ],
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
