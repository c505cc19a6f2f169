import { type ErrorCode, errorStatus } from '#shared/domain/errors.ts'

export type JsonSchema = Record<string, unknown>

const errorSchema: JsonSchema = {
  type: 'object',
  required: ['error'],
  additionalProperties: false,
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details', 'trace_id'],
      additionalProperties: false,
      properties: {
        code: { enum: Object.keys(errorStatus) },
        message: { type: 'string' },
        details: {
          type: 'array',
          items: {
            type: 'object',
            required: ['field', 'message'],
            properties: {
              field: { type: 'string', description: 'Where it is, e.g. `body.name` or `query.page[size]`' },
              message: { type: 'string' },
            },
          },
        },
        trace_id: { type: 'string', description: 'The request id, to be found in our logs' },
      },
    },
  },
}

/** What each error says to the one who called. */
const errorMeanings: Record<ErrorCode, string> = {
  UNAUTHENTICATED: 'There are no credentials, or they are not good (any more).',
  BUDGET_EXCEEDED: 'The budget of the workspace is used up.',
  PERMISSION_DENIED: 'The caller may not do this; the message says which permission is missing.',
  NOT_FOUND: 'There is no such thing, or it belongs to somebody else.',
  METHOD_NOT_ALLOWED: 'Another method is wanted: `Allow` names those that there are.',
  CONFLICT:
    'It clashes with what is there; or the same Idempotency-Key is under way (`Retry-After` says when to ask again).',
  PRECONDITION_FAILED: 'It has changed since: read it again and send its new ETag as If-Match.',
  PAYLOAD_TOO_LARGE: 'The body is larger than this takes.',
  UNSUPPORTED_MEDIA_TYPE: 'The body must be application/json.',
  VALIDATION_ERROR:
    'The request is not valid: `details` names each field. Also a cursor or an Idempotency-Key of another request.',
  RATE_LIMITED: 'Too many requests: `Retry-After` says when to go on.',
  INTERNAL: 'Something of ours broke; `trace_id` lets us find it.',
  UNAVAILABLE: 'Something behind this does not work right now; try again.',
}

/** Headers of answers; those that every answer has first. */
export const headers: Record<string, JsonSchema> = {
  'X-Request-ID': { description: 'Id of the request: the one that was sent, or a new one', schema: { type: 'string' } },
  'X-RateLimit-Limit': { description: 'What may be used in a minute', schema: { type: 'integer' } },
  'X-RateLimit-Remaining': { description: 'What is left of it', schema: { type: 'integer' } },
  'X-RateLimit-Reset': { description: 'Seconds until it is whole again', schema: { type: 'integer' } },
  ETag: { description: 'Entity tag of this representation (RFC 9110)', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds to wait before the next attempt', schema: { type: 'integer' } },
  Location: { description: 'Where the work can be watched, or the next page to go to', schema: { type: 'string' } },
  'WWW-Authenticate': { description: 'Which credentials are wanted', schema: { type: 'string' } },
  Deprecation: { description: 'Since when this is deprecated (RFC 9745)', schema: { type: 'string' } },
  Sunset: { description: 'When it will be gone (RFC 8594)', schema: { type: 'string' } },
  Link: { description: 'What to use instead', schema: { type: 'string' } },
}
const everywhere = ['X-Request-ID', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset']

/** References to the headers of an answer. */
export function headerReferences(...names: string[]): JsonSchema {
  return Object.fromEntries([...everywhere, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

const id = { type: 'string', format: 'uuid' }

/** Parameters that many routes share, by what refers to them. */
export const parameters = {
  Organization: {
    name: 'X-Org-Id',
    in: 'header',
    schema: id,
    description: 'Organization to work in; without it the first one',
  },
  Workspace: {
    name: 'X-Workspace-Id',
    in: 'header',
    schema: id,
    description: 'Workspace to work in; without it `workspace_id`, else the first one',
  },
  WorkspaceInQuery: {
    name: 'workspace_id',
    in: 'query',
    schema: id,
    description: 'Workspace to work in, for clients that cannot send headers',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    description: 'A value of your own for this request. Sent again within 24 hours, the first answer is given again.',
    example: '7f6b0c1e-8f55-4c39-9a52-0d3f3f9d2a11',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    schema: { type: 'string' },
    description: 'ETag of what was read: if it has changed since, the answer is 412 and nothing happens',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    schema: { type: 'string' },
    description: 'ETag of what is there already: if nothing has changed, the answer is 304 without a body',
  },
}

export function parameterReference(name: keyof typeof parameters): JsonSchema {
  return { $ref: `#/components/parameters/${name}` }
}

/** `UNAUTHENTICATED` → `Unauthenticated`: the name of its answer among the components. */
function responseNameOf(code: ErrorCode): string {
  return code.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

export function errorReferences(codes: readonly ErrorCode[]): JsonSchema {
  return Object.fromEntries(
    codes.map((code) => [errorStatus[code], { $ref: `#/components/responses/${responseNameOf(code)}` }]),
  )
}

const extraHeaders: Partial<Record<ErrorCode, string[]>> = {
  UNAUTHENTICATED: ['WWW-Authenticate'],
  CONFLICT: ['Retry-After'],
  RATE_LIMITED: ['Retry-After'],
  UNAVAILABLE: ['Retry-After'],
}

function errorResponse(code: ErrorCode): JsonSchema {
  const details = code === 'VALIDATION_ERROR' ? [{ field: 'body.name', message: 'is not a known field' }] : []
  return {
    description: `\`${code}\`: ${errorMeanings[code]}`,
    headers: headerReferences(...(extraHeaders[code] ?? [])),
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Error' },
        example: {
          error: { code, message: errorMeanings[code], details, trace_id: '019a8b2e-6c1f-7d3a-9e44-2b7c5d8f0a11' },
        },
      },
    },
  }
}

const codes = Object.keys(errorStatus) as ErrorCode[]

/** What the operations refer to. */
export const components = {
  securitySchemes: {
    accessToken: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'Access token of a person, from `POST /v1/auth/token`',
    },
    apiKey: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'rfa_…',
      description: 'API key of a program, sent like an access token',
    },
    basic: {
      type: 'http',
      scheme: 'basic',
      description: 'API key as the password, with any user name, for clients that know nothing else',
    },
  },
  parameters,
  headers,
  schemas: { Error: errorSchema },
  responses: {
    Error: {
      description: 'Any other error of the closed list',
      headers: headerReferences('Retry-After'),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
    ...Object.fromEntries(codes.map((code) => [responseNameOf(code), errorResponse(code)])),
  },
}
