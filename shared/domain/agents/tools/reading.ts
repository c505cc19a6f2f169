import * as v from 'valibot'
import { readText } from '../../documents/passages.ts'
import { AppError, notFound } from '../../errors.ts'
import { Id } from '../../ids.ts'
import { listEvidence, readIndicator } from '../../intelligence/read.ts'
import { searchIntelligence } from '../../intelligence/search.ts'
import { PlainText } from '../../plain-text.ts'
import type { Json } from '../../sql.ts'
import { defineReadingTool, defineTool } from '../tools.ts'

const text = (maximum: number) => v.pipe(PlainText, v.minLength(1), v.maxLength(maximum))
const integer = (minimum: number, maximum: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(minimum), v.maxValue(maximum))

export const searchTool = defineReadingTool({
  name: 'search_intelligence',
  description:
    'Finds indicators by the beginning of their value, techniques, actors, malware and vulnerabilities by name or id, and passages of documents by their words.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({ query: text(300), limit: v.optional(integer(1, 20), 10) }),
  call: async ({ read }, { query, limit }) => ({
    output: [...(await read((sql) => searchIntelligence(sql, query, limit)))] as unknown as Json,
  }),
})

export const readIndicatorTool = defineReadingTool({
  name: 'read_indicator',
  description: 'Reads an indicator of compromise by its id: type, value, TLP, confidence and validity.',
  kind: 'reading',
  // Its value was written by whoever wrote the document.
  untrusted: true,
  input: v.strictObject({ indicator_id: Id }),
  call: async ({ read }, { indicator_id }) => ({
    output: (await read((sql) => readIndicator(sql, indicator_id))) as unknown as Json,
  }),
})

export const readEntityTool = defineReadingTool({
  name: 'read_entity',
  description: 'Reads a technique, actor, malware, tool or vulnerability by its id.',
  kind: 'reading',
  untrusted: false,
  input: v.strictObject({ entity_id: Id }),
  call: async ({ read }, { entity_id }) => ({
    output: await read(async (sql) => {
      const [entity] = await sql<{ id: string }[]>`
        select id, kind, external_id, name, tlp, first_seen, last_seen from entities t
        where id = ${entity_id} and exists (select from evidence e where e.entity_id = t.id)`
      if (!entity) throw notFound('Entity')
      return entity as unknown as Json
    }),
  }),
})

export const readDocumentTool = defineReadingTool({
  name: 'read_document',
  description: 'Reads a part of the text of a document; offsets are UTF-16 code units.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({
    document_id: Id,
    start: v.optional(integer(0, 2 ** 31 - 1), 0),
    characters: v.optional(integer(1, 20_000), 8_000),
  }),
  call: async ({ read }, { document_id, start, characters }) => {
    const output = await read(async (sql) => {
      const [document] = await sql<{ title: string; tlp: string; status: string }[]>`
        select coalesce(title, file_name) as title, tlp, status from documents where id = ${document_id}`
      if (!document) throw notFound('Document')
      if (document.status !== 'ready') throw new AppError('CONFLICT', `The document is ${document.status}`)
      const { text: whole } = await readText(sql, document_id)
      const part = whole.slice(start, start + characters).toWellFormed()
      return { title: document.title, tlp: document.tlp, characters: whole.length, start, text: part }
    })
    return { output }
  },
})

export const listEvidenceTool = defineReadingTool({
  name: 'list_evidence',
  description:
    'Lists where documents speak of an indicator or entity, or what a document speaks of: document, offsets, quote and sentence.',
  kind: 'reading',
  untrusted: true,
  input: v.strictObject({
    document_id: v.optional(Id),
    indicator_id: v.optional(Id),
    entity_id: v.optional(Id),
    limit: v.optional(integer(1, 100), 50),
  }),
  call: async ({ read }, { document_id, indicator_id, entity_id, limit }) => ({
    output: (await read(async (sql) => {
      const filter = {
        documentId: document_id ?? null,
        indicatorId: indicator_id ?? null,
        entityId: entity_id ?? null,
      }
      return (await listEvidence(sql, filter, { size: limit, before: null })).slice(0, limit)
    })) as unknown as Json,
  }),
})

export const fetchTool = defineTool({
  name: 'fetch_url',
  description: 'Reads a text of the public web. Never follows into private networks.',
  kind: 'outbound',
  untrusted: true,
  input: v.strictObject({ url: text(2000), characters: v.optional(integer(1, 50_000), 20_000) }),
  call: async ({ fetchText, signal }, { url, characters }) => {
    const found = await fetchText(url, signal)
    return {
      output: {
        url: found.url,
        content_type: found.contentType,
        text: found.text.slice(0, characters).toWellFormed(),
        cut: found.text.length > characters,
      },
    }
  },
})
