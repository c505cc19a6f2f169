import * as v from 'valibot'
import { AppError } from '#shared/domain/errors.ts'

/**
 * Checks a value and returns its parsed form.
 * @param place `body`, `query`, `params` or `header`: the first part of each detail's field
 * @throws AppError VALIDATION_ERROR with one detail per problem
 */
export function validate<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  place: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const details = result.issues.slice(0, 20).map((issue) => {
    const path = v.getDotPath(issue)
    return { field: path === null ? place : `${place}.${path}`, message: describe(issue) }
  })
  throw new AppError('VALIDATION_ERROR', 'The request is not valid', details)
}

/** Valibot quotes what it received; a caller's own value may come back, but cut to a sane length. */
function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'schema' && issue.expected === 'never') return 'is not a known field'
  if (issue.kind === 'schema' && issue.received === 'undefined') return 'is required'
  if (issue.type === 'uuid') return 'must be an id (UUID)'
  const expected = /^Invalid type: Expected (.+) but received /s.exec(issue.message)?.[1]
  return (expected ? `must be ${expected}` : issue.message).slice(0, 300)
}

/** The query as a flat object; the schema names keys such as `page[size]` literally. */
export function queryObject(parameters: URLSearchParams): Record<string, string> {
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of parameters) {
    if (name in query) {
      throw new AppError('VALIDATION_ERROR', 'The request is not valid', [
        { field: `query.${name}`, message: 'is given more than once' },
      ])
    }
    query[name] = value
  }
  return { ...query }
}

/** Compiles `/v1/projects/{project_id}` into a matcher of decoded parameters; null when the path is another one. */
export function compilePath(path: string): (pathname: string) => Record<string, string> | null {
  const segments = path.split('/')
  return (pathname) => {
    const given = pathname.split('/')
    if (given.length !== segments.length) return null
    const parameters: Record<string, string> = {}
    for (const [index, segment] of segments.entries()) {
      const value = given[index]!
      if (!segment.startsWith('{')) {
        if (segment !== value) return null
        continue
      }
      try {
        parameters[segment.slice(1, -1)] = decodeURIComponent(value)
      } catch {
        return null
      }
      if (value === '') return null
    }
    return parameters
  }
}
