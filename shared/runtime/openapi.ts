import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { errorStatus } from '#shared/domain/errors.ts'
import type { Route, TextResponse } from './declarations.ts'
import type { DiscoveredFunction } from './discover.ts'

type JsonSchema = Record<string, unknown>

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
            properties: { field: { type: 'string' }, message: { type: 'string' } },
          },
        },
        trace_id: { type: 'string', description: 'The request id, to be found in our logs' },
      },
    },
  },
}

const contextParameters: JsonSchema[] = [
  {
    name: 'X-Org-Id',
    in: 'header',
    schema: { type: 'string', format: 'uuid' },
    description: 'Organization to work in; without it the first one',
  },
  {
    name: 'X-Workspace-Id',
    in: 'header',
    schema: { type: 'string', format: 'uuid' },
    description: 'Workspace to work in; without it `workspace_id`, else the first one',
  },
  {
    name: 'workspace_id',
    in: 'query',
    schema: { type: 'string', format: 'uuid' },
    description: 'Workspace to work in, for clients that cannot send headers',
  },
]

/** Makes the OpenAPI 3.1 document of the routes. */
export function buildOpenApi(functions: readonly DiscoveredFunction[]) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { name, folder, declaration } of functions) {
    if (declaration.kind !== 'route') continue
    const path = paths[declaration.path] ?? {}
    paths[declaration.path] = path
    path[declaration.method.toLowerCase()] = operation(name, folder.split('/')[0] ?? '', declaration)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'RaptorFlow ADAPT',
      version: '1',
      description:
        'Cyber threat intelligence automation and defense: threat reports in, evidenced intelligence and defenses out.',
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Error: errorSchema },
      responses: {
        Error: {
          description: 'An error of the closed list',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        },
      },
    },
    paths,
  }
}

function operation(name: string, tag: string, route: Route): JsonSchema {
  const responses: Record<string, unknown> = { default: { $ref: '#/components/responses/Error' } }
  for (const [status, response] of Object.entries(route.responses)) responses[status] = describeResponse(response)
  const description = [
    route.description,
    route.access === 'public'
      ? null
      : route.access === 'signed-in'
        ? 'Needs a signed-in user.'
        : `Needs the permission \`${route.access}\`.`,
  ].filter(Boolean)
  return {
    operationId: name,
    tags: [tag],
    summary: route.summary,
    ...(description.length > 0 ? { description: description.join('\n\n') } : {}),
    security: route.access === 'public' ? [] : [{ bearer: [] }],
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.access === 'public' || route.access === 'signed-in' ? [] : contextParameters),
    ],
    ...(route.body
      ? {
          requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(route.body, 'input') } } },
        }
      : {}),
    responses,
  }
}

function describeResponse(response: v.GenericSchema | TextResponse | null): JsonSchema {
  if (response === null) return { description: 'Done; no body' }
  if (response.kind === 'text') {
    const { description, mediaTypes } = response as TextResponse
    return {
      description,
      content: Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: 'string' } }])),
    }
  }
  return {
    description: 'Success',
    content: { 'application/json': { schema: jsonSchema(response as v.GenericSchema, 'input') } },
  }
}

function parametersOf(schema: v.GenericSchema | undefined, place: 'path' | 'query'): JsonSchema[] {
  if (!schema) return []
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
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
function jsonSchema(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema as never, {
    typeMode,
    errorMode: 'ignore',
    target: 'draft-2020-12',
  }) as JsonSchema
  return rest
}
