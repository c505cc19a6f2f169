import type { Document } from './schemas.ts'

const nouns = {
  indicators: ['indicator', 'indicators'],
  techniques: ['technique', 'techniques'],
  actors: ['actor', 'actors'],
  software: ['malware or tool', 'malware and tools'],
  vulnerabilities: ['vulnerability', 'vulnerabilities'],
} as const

/** What came of a document, in words for the one who uploaded it. */
export function describeOutcome(
  document: Pick<Document, 'file_name' | 'title' | 'counts' | 'error'>,
  outcome: 'ready' | 'rejected' | 'failed',
): { title: string; body: string } {
  const name = document.title ?? document.file_name
  if (outcome === 'rejected') {
    return { title: `"${name}" was not accepted`, body: document.error?.message ?? 'The file was not accepted.' }
  }
  if (document.error?.code === 'CANCELLED') {
    return { title: `"${name}" was cancelled`, body: 'It can be processed again.' }
  }
  if (outcome === 'failed') {
    return { title: `"${name}" could not be processed`, body: 'Processing failed; it can be tried again.' }
  }
  const parts = Object.entries(nouns).flatMap(([key, [one, many]]) => {
    const count = document.counts[key as keyof typeof nouns] ?? 0
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  })
  const held = document.counts.suppressed ?? 0
  const found = parts.length === 0 ? 'Nothing was found' : `Found ${parts.join(', ')}`
  return { title: `"${name}" is ready`, body: held === 0 ? `${found}.` : `${found}; ${held} held back.` }
}
