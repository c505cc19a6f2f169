import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createLogger } from './log.ts'

const requestId = '019a0000-0000-7000-8000-000000000000'
const trace = '4bf92f3577b34da6a3ce929d0e0e4736'

/** A logger, and the lines that it wrote. */
function open(options: { readable?: boolean; project?: string } = {}) {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk).trimEnd())
      done()
    },
  })
  const log = createLogger({ level: 'info', readable: false, project: 'adapt-test', stream, ...options })
  return { log, lines, entry: () => JSON.parse(lines.at(-1)!) }
}

test("a request's line has the fields that Cloud Logging knows", () => {
  const { log, entry } = open()
  log
    .child({ function: 'projects-list', requestId, traceparent: `00-${trace}-00f067aa0ba902b7-01` })
    .child({ orgId: 'o', userId: null })
    .info('request', { method: 'GET', path: '/v1/projects', status: 200, milliseconds: 12 })
  expect(entry()).toEqual({
    severity: 'INFO',
    message: 'request',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    httpRequest: { requestMethod: 'GET', requestUrl: '/v1/projects', status: 200, latency: '0.012s' },
    'logging.googleapis.com/trace': `projects/adapt-test/traces/${trace}`,
    'logging.googleapis.com/spanId': '00f067aa0ba902b7',
    'logging.googleapis.com/trace_sampled': true,
    'logging.googleapis.com/labels': { function: 'projects-list', requestId, orgId: 'o' },
  })
})

test('an error has its stack where Error Reporting looks, and its causes', () => {
  const { log, entry } = open()
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  log.error('request failed', { error: new Error('no database', { cause }) })
  expect(entry()).toMatchObject({
    severity: 'ERROR',
    stack_trace: expect.stringMatching(/^Error: no database\n {4}at /),
    error: { name: 'Error', cause: { code: 'ECONNREFUSED' } },
  })
})

test('a field can not pass for another one of the line', () => {
  const { log, entry } = open()
  log.info('true', { severity: 'EMERGENCY', time: 'never' })
  expect(entry()).toMatchObject({ severity: 'INFO', message: 'true' })
  expect(entry().time).not.toBe('never')
})

test('message, fields and fields of parents are without secrets, for machines and for people', () => {
  for (const readable of [false, true]) {
    const { log, lines } = open({ readable })
    log
      .child({ authorization: 'hunter2-a', connected: 'postgres://adapt_app:hunter2-b@db/adapt' })
      .warn('GET /v1/lists/rfb_hunter2-c-hunter2-c failed', { deep: [{ password: 'hunter2-d' }] })
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('hunter2')
    expect(lines[0]).toContain('[redacted]')
  }
})

test('one line stays one line, whatever is in it', () => {
  const { log, lines } = open()
  log.info('first\n{"severity":"EMERGENCY"}', { text: 'a\nb\u2028c' })
  expect(lines.join('\n').split('\n')).toHaveLength(1)
})
