import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { AppError } from '../errors.ts'
import { storableJson } from '../plain-text.ts'
import type { Json } from '../sql.ts'

/** What is larger than this many bytes as JSON lies in the bucket of artifacts instead of in a row. */
const largestInRow = 64 * 1024
/** No output of a step or input of a run is larger, in bytes as JSON. */
const largestOfAll = 16 * 1024 * 1024

/** Part of the port of the object store. */
export interface Artifacts {
  write(bucket: 'artifacts', key: string, body: string, contentType: string): Promise<unknown>
  read(bucket: 'artifacts', key: string): Promise<{ body: Readable } | null>
}

/** A value where it is kept: in the row, or under a key. */
export interface Kept {
  value: Json | null
  key: string | null
}

/** Where the artifacts of a run are; a name holds nothing that a key may not hold. */
export function runArtifactKey(run: { id: string; orgId: string; workspaceId: string }, name: string): string {
  return `${run.orgId}/${run.workspaceId}/runs/${run.id}/${name}.json`
}

/**
 * Puts a value away if it is too large for a row. Harmless when done again.
 * @throws AppError PAYLOAD_TOO_LARGE
 */
export async function keep(objects: Artifacts, key: string, given: unknown): Promise<Kept> {
  const value = storableJson(given)
  const json = JSON.stringify(value)
  const bytes = Buffer.byteLength(json)
  if (bytes <= largestInRow) return { value, key: null }
  if (bytes > largestOfAll) throw new AppError('PAYLOAD_TOO_LARGE', `More than ${largestOfAll} bytes of JSON`)
  await objects.write('artifacts', key, json, 'application/json')
  return { value: null, key }
}

/** A value as it is shown: null when its time in the bucket is over. */
export async function recallOrNull(objects: Artifacts, kept: Kept): Promise<Json> {
  try {
    return await recall(objects, kept)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return null
    throw error
  }
}

/** @throws AppError NOT_FOUND when its time in the bucket is over */
export async function recall(objects: Artifacts, { value, key }: Kept): Promise<Json> {
  if (key === null) return value
  const object = await objects.read('artifacts', key)
  if (!object) throw new AppError('NOT_FOUND', 'This is kept no longer')
  return JSON.parse(await text(object.body)) as Json
}
