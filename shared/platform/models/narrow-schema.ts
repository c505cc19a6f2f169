import type { Json } from '#shared/domain/sql.ts'

type JsonSchema = Readonly<Record<string, Json>>

/** Keywords of JSON Schema that Vertex AI documents for structured output; it refuses or ignores others. */
const kept = new Set([
  'type',
  'title',
  'description',
  'enum',
  'format',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'required',
  'additionalProperties',
  'propertyOrdering',
  '$ref',
])
/** Keywords whose values are schemas by name, lists of schemas, and schemas. */
const named = new Set(['properties', '$defs'])
const listed = new Set(['anyOf', 'oneOf', 'prefixItems'])
const single = new Set(['items'])

/**
 * A schema in the words that a provider with few of them knows. It allows no less than the given one, so the answer is
 * still to be validated.
 */
export function narrowSchema(schema: JsonSchema): JsonSchema {
  const result: Record<string, Json> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (kept.has(keyword)) result[keyword] = isSchema(value) ? narrowSchema(value) : value
    else if (keyword === 'const' && typeof value === 'string') result.enum = [value]
    else if (named.has(keyword) && isSchema(value)) {
      result[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, part]) => [name, isSchema(part) ? narrowSchema(part) : part]),
      )
    } else if (listed.has(keyword) && Array.isArray(value)) {
      result[keyword] = value.map((part) => (isSchema(part as Json) ? narrowSchema(part as JsonSchema) : part)) as Json
    } else if (single.has(keyword) && isSchema(value)) result[keyword] = narrowSchema(value)
  }
  return result
}

function isSchema(value: Json): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
