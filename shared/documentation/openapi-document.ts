import document from '../../openapi.json' with { type: 'json' }
import { Representation } from './representation.ts'

const made = new Map<string, Representation>()

/**
 * The OpenAPI document of this installation.
 * @param publicUrl where clients reach it
 */
export function openApiDocument(publicUrl: string): Representation {
  const known = made.get(publicUrl)
  if (known) return known
  const text = JSON.stringify({ ...document, servers: [{ url: publicUrl }] })
  const representation = new Representation(text, 'application/json; charset=utf-8')
  made.set(publicUrl, representation)
  return representation
}
