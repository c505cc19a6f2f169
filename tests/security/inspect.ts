import { expect } from 'vitest'
import { type ErrorCode, errorStatus } from '#shared/domain/errors.ts'
import type { Answer } from '../setup/product.ts'

/** Words of what is inside: stacks, paths, SQL, the libraries and services behind the product. */
const internal =
  /\bat .*:\d+|\.[jt]s:\d|node_modules|file:\/\/|\/functions\/|\/tmp\/|\/home\/|postgres|\bselect\b.*\bfrom\b|\binsert\b|row-level|violates|constraint|relation "|syntax error|\bsql\b|supabase|gotrue|valibot|ECONN|\bfetch failed|\[object/i

/** Fields that hold what must be kept from others, by the routes that hand it out: once, to whoever it is made for. */
const handedOut: Readonly<Record<string, readonly string[]>> = {
  'auth-create-token': ['access_token', 'refresh_token'],
  'auth-finish-oauth': ['access_token', 'refresh_token'],
  'auth-refresh-token': ['access_token', 'refresh_token'],
  'auth-sign-up': ['access_token', 'refresh_token'],
  'auth-verify-factor': ['access_token', 'refresh_token'],
  'auth-set-up-factor': ['secret', 'uri', 'qr_code'],
  'api-keys-create': ['key'],
  'api-keys-rotate': ['key'],
  'invitations-create': ['token', 'url'],
  'blocklists-create': ['url'],
  'documents-create': ['url'],
  // Null until it is built.
  'exports-create': ['download_url'],
  'exports-read': ['download_url'],
  // Good for an hour.
  'billing-download-invoice': ['download_url'],
  // The page that the browser is sent to, with its state in it.
  'auth-start-oauth': ['url', 'flow'],
}

/** Names that such fields have, or would have. */
const secretName =
  /(secret|password|token|sha256|hash|digest|private|credential|cipher|(^|_)(key|otp|uri|url|flow|qr_code|auth_sub|object_key)$)/i

/** What looks like one and is none. */
const open: Readonly<Record<string, readonly string[]>> = {
  token_prefix: ['blocklists-create', 'blocklists-list'],
  token_type: ['auth-create-token', 'auth-finish-oauth', 'auth-refresh-token', 'auth-sign-up', 'auth-verify-factor'],
  // Of the file or rule, which its readers have.
  sha256: [
    'detection-rules-create',
    'detection-rules-list',
    'detection-rules-read',
    'detection-rules-update',
    'detection-rules-write',
    'documents-complete-upload',
    'documents-create',
    'documents-list',
    'documents-read',
    'documents-reprocess',
  ],
  // Where what was asked and answered is kept; no way to get it.
  artifact_key: ['costs-list-calls'],
  // Where the customer pays and authorizes, at the gateway.
  url: ['billing-create-order', 'billing-list-orders', 'billing-read-order', 'billing-verify-payment'],
  authorize_url: [
    'billing-cancel-subscription',
    'billing-change-subscription',
    'billing-create-subscription',
    'billing-pause-subscription',
    'billing-read-subscription',
    'billing-resume-subscription',
    'billing-start-trial',
  ],
  // The links of the chain.
  hash: ['audit-list', 'audit-verify'],
  // The name of a flag, of an agent, and of what a step of a run found.
  key: [
    'agent-runs-read',
    'agents-list',
    'agents-read',
    'agents-update',
    'flags-create',
    'flags-list',
    'flags-list-changes',
    'flags-read',
    'flags-update',
  ],
  flag_key: ['flags-list-changes'],
}

/** Tokens of models are counted. */
const counted = /^(?:cached_input|input|maximum_output|output|thinking)_tokens$/

export const looksSecret = (field: string): boolean => secretName.test(field) && !counted.test(field)

/** Whether a route may show this field. */
export function isDeclaredSecret(name: string, field: string): boolean {
  return (handedOut[name]?.includes(field) || open[field]?.includes(name)) ?? false
}

/** Every field of an answer, wherever it is. */
function* fieldsOf(value: unknown): Generator<[name: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield [name, inner]
    yield* fieldsOf(inner)
  }
}

/** Expects of an answer what holds for all: an error says nothing of the inside, a success no secret that isn't meant. */
export function inspect(name: string, answer: Answer): void {
  const { status, body, headers } = answer
  expect(status, `${name}: ${JSON.stringify(body)}`).not.toBe(500)
  if (status >= 400) {
    if (name === 'operations-health') return
    expect(Object.keys(body)).toEqual(['error'])
    expect(body.error).toEqual({
      code: expect.any(String),
      message: expect.any(String),
      details: expect.any(Array),
      trace_id: headers.get('x-request-id'),
    })
    expect(errorStatus[body.error.code as ErrorCode]).toBe(status)
    expect(JSON.stringify(body), name).not.toMatch(internal)
    expect(headers.get('etag'), name).toBeNull()
    return
  }
  // It describes fields of all names.
  if (name === 'docs-read-openapi') return
  for (const [field, value] of fieldsOf(body)) {
    if (typeof value === 'object' || !looksSecret(field)) continue
    expect(isDeclaredSecret(name, field), `${name} shows "${field}"`).toBe(true)
  }
}

/** Expects an error of this code, as errors have to be. */
export function expectError(name: string, answer: Answer, code: ErrorCode, what = ''): void {
  expect(answer.status, `${name} ${what}: ${JSON.stringify(answer.body)}`).toBe(errorStatus[code])
  expect(answer.body.error.code).toBe(code)
  inspect(name, answer)
}
