import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import type { ErrorCode } from '#shared/domain/errors.ts'
import type { Route, TextResponse } from './declarations.ts'
import type { DiscoveredFunction } from './discover.ts'
import {
  components,
  errorReferences,
  headerReferences,
  type JsonSchema,
  parameterReference,
} from './openapi-components.ts'

const introduction = `Cyber threat intelligence automation and defense: threat reports in, evidenced intelligence and defenses out.

**Credentials.** A person's access token from \`POST /v1/auth/token\`, or a program's API key, as \`Authorization: Bearer …\`.

**Organizations.** Everything belongs to one; \`X-Org-Id\` and \`X-Workspace-Id\` choose between several.

**Lists** are pages: \`page[size]\` (1 to 100) and \`page[cursor]\`, the \`next_cursor\` of the page before.

**Errors** are \`{"error": {"code", "message", "details", "trace_id"}}\` with a code of a closed list.

**Repeating.** A POST with an \`Idempotency-Key\` can be sent again without a second effect; a GET with the last \`ETag\` as
\`If-None-Match\` is answered by 304 while nothing has changed.

**Rates** are limited per caller and per address: each answer says what is left, 429 when to go on.`

/**
 * Makes the OpenAPI 3.1 document of the routes.
 * @param areas what each area of functions is about, by its name
 */
export function buildOpenApi(functions: readonly DiscoveredFunction[], areas: Readonly<Record<string, string>>) {
  const paths: Record<string, Record<string, unknown>> = {}
  const tags = new Set<string>()
  for (const { name, folder, declaration } of functions) {
    if (declaration.kind !== 'route') continue
    const tag = folder.split('/')[0] ?? ''
    tags.add(tag)
    const path = paths[declaration.path] ?? {}
    paths[declaration.path] = path
    path[declaration.method.toLowerCase()] = operation(name, tag, declaration)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'RaptorFlow ADAPT', version: '1', description: introduction },
    servers: [{ url: '/' }],
    tags: [...tags].map((name) => ({ name, ...(areas[name] ? { description: areas[name] } : {}) })),
    paths,
    components,
  }
}

function operation(name: string, tag: string, route: Route): JsonSchema {
  const responses: Record<string, unknown> = {
    ...errorReferences(errorsOf(route)),
    default: { $ref: '#/components/responses/Error' },
  }
  for (const [status, response] of Object.entries(route.responses)) {
    responses[status] = describeResponse(route, Number(status), response)
  }
  if (revalidates(route)) responses[304] ??= describeResponse(route, 304, null)
  const { deprecated } = route
  return {
    operationId: name,
    tags: [tag],
    summary: route.summary,
    description: describeRoute(route),
    ...(deprecated ? { deprecated: true } : {}),
    security: securityOf(route),
    parameters: parametersOf(route),
    ...requestBodyOf(route),
    responses,
    ...(route.access === 'public' ? {} : { 'x-access': route.access }),
    ...(route.cost === undefined ? {} : { 'x-cost': route.cost }),
  }
}

function requestBodyOf({ body, rawBody }: Route): JsonSchema {
  // Without a schema it is any bytes, as OpenAPI 3.1 describes binary content.
  if (rawBody) return { requestBody: { required: true, content: { '*/*': {} } } }
  return body ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body) } } } } : {}
}

function isOfOrganization({ access }: Route): boolean {
  return access !== 'public' && access !== 'signed-in' && access !== 'operator'
}

function describeRoute(route: Route): string {
  const { access, caller, basic, cost = 1, deprecated } = route
  const sentences = [
    route.description,
    access === 'signed-in' && 'Needs a signed-in user.',
    access === 'operator' && 'Only for operators of this installation, with a second factor.',
    isOfOrganization(route) && `Needs the permission \`${access}\`.`,
    isOfOrganization(route) && caller === 'person' && 'Not for API keys.',
    basic && 'Takes an API key as the password of HTTP Basic too.',
    cost !== 1 && `Counts as ${cost} requests.`,
    deprecated && `Deprecated since ${deprecated.since}, and gone from ${deprecated.sunset} on.`,
    deprecated?.successor && `Use \`${deprecated.successor}\` instead.`,
  ]
  return sentences.filter(Boolean).join('\n\n')
}

function securityOf(route: Route): JsonSchema[] {
  if (route.access === 'public') return []
  if (!isOfOrganization(route) || route.caller === 'person') return [{ accessToken: [] }]
  return [{ accessToken: [] }, { apiKey: [] }, ...(route.basic ? [{ basic: [] }] : [])]
}

/** The errors that this very route has reason to give; any other is under `default`. */
function errorsOf(route: Route): ErrorCode[] {
  const isPublic = route.access === 'public'
  const codes: (ErrorCode | false)[] = [
    !isPublic && 'UNAUTHENTICATED',
    !isPublic && 'PERMISSION_DENIED',
    (isOfOrganization(route) || route.params !== undefined) && 'NOT_FOUND',
    route.method !== 'GET' && 'CONFLICT',
    route.ifMatch === true && 'PRECONDITION_FAILED',
    (route.body !== undefined || route.rawBody === true) && 'PAYLOAD_TOO_LARGE',
    route.body !== undefined && 'UNSUPPORTED_MEDIA_TYPE',
    'VALIDATION_ERROR',
    'RATE_LIMITED',
  ]
  return codes.filter((code) => code !== false)
}

/** Whether `If-None-Match` is honoured: by the runtime for JSON, by the handler where 304 is declared. */
function revalidates(route: Route): boolean {
  if (route.method !== 'GET') return false
  const answer = route.responses[200]
  return route.responses[304] === null || (answer != null && answer.kind !== 'text')
}

function describeResponse(route: Route, status: number, response: v.GenericSchema | TextResponse | null): JsonSchema {
  const isWork = status === 202 || (status >= 300 && status < 304)
  const headers = headerReferences(
    ...(status === 304 || hasEntityTag(route, status, response) ? ['ETag'] : []),
    ...(isWork ? ['Location'] : []),
    ...(route.deprecated ? ['Deprecation', 'Sunset', ...(route.deprecated.successor ? ['Link'] : [])] : []),
  )
  if (response === null) {
    const description =
      status === 304 ? 'Nothing has changed; no body' : isWork ? 'See `Location`; no body' : 'Done; no body'
    return { description, headers }
  }
  if (response.kind === 'text') {
    const { description, mediaTypes } = response as TextResponse
    const content = Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: 'string' } }]))
    return { description, headers, content }
  }
  return {
    description: status < 400 ? 'Success' : 'Not well',
    headers,
    content: { 'application/json': { schema: jsonSchema(response as v.GenericSchema) } },
  }
}

function hasEntityTag(route: Route, status: number, response: v.GenericSchema | TextResponse | null): boolean {
  if (status !== 200 || route.method === 'POST' || response === null) return false
  return response.kind !== 'text' || route.responses[304] === null
}

function parametersOf(route: Route): JsonSchema[] {
  return [
    ...parametersIn(route.params, 'path'),
    ...parametersIn(route.query, 'query'),
    // OpenAPI keeps these three names for itself.
    ...parametersIn(route.headers, 'header').filter(
      ({ name }) => !/^(accept|content-type|authorization)$/i.test(name as string),
    ),
    ...(isOfOrganization(route)
      ? [parameterReference('Organization'), parameterReference('Workspace'), parameterReference('WorkspaceInQuery')]
      : []),
    ...(route.idempotent ? [parameterReference('IdempotencyKey')] : []),
    ...(route.ifMatch ? [parameterReference('IfMatch')] : []),
    ...(revalidates(route) ? [parameterReference('IfNoneMatch')] : []),
  ]
}

function parametersIn(schema: v.GenericSchema | undefined, place: 'path' | 'query' | 'header'): JsonSchema[] {
  if (!schema) return []
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }))
}

/** Checks that JSON Schema has no words for are left out: the request is checked by them all the same. */
function jsonSchema(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, {
    typeMode: 'input',
    errorMode: 'ignore',
    target: 'draft-2020-12',
  }) as JsonSchema
  return rest
}
