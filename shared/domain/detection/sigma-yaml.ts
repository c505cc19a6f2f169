import { type Document, isMap, isScalar, Lexer, LineCounter, parseAllDocuments, visit } from 'yaml'

/** Characters of a file of Sigma rules: reading YAML takes its time. */
const maximumCharacters = 200_000
const maximumDocuments = 200
const maximumTokens = 60_000
/** Lists and maps inside each other; a rule needs five or so. */
const maximumDepth = 20
const maximumIndent = 200

export interface SigmaDocument {
  /** Counted from 1. */
  line: number
  value: unknown
}

/** Where the YAML of a file is not what a rule may use, or what it holds. */
export type SigmaFile = { documents: SigmaDocument[] } | { line: number | null; message: string }

/**
 * Reads a file of YAML documents as far as rules need them: without aliases, directives, and tags of other languages,
 * which no rule has a use for and which can make objects or grow without end.
 */
export function readSigmaFile(content: string): SigmaFile {
  if (content.length > maximumCharacters) return refusal(`must hold at most ${maximumCharacters} characters`)
  if (/^%/m.test(content)) return refusal('must not use directives of YAML')
  if ((content.match(/^---/gm)?.length ?? 0) > maximumDocuments)
    return refusal(`holds more than ${maximumDocuments} rules`)
  if (isTooMuch(content)) return refusal('is nested too deeply, or holds more than a rule would')
  const lines = new LineCounter()
  // The reader's own search for repeated keys and its pretty errors take the square of the time.
  const options = { lineCounter: lines, uniqueKeys: false, prettyErrors: false, strict: true, version: '1.2' } as const
  const parsed = parseAllDocuments(content, options)
  if (!Array.isArray(parsed) || parsed.length === 0) return refusal('holds no rule')
  const documents: SigmaDocument[] = []
  for (const document of parsed) {
    // A warning is a tag of some other language.
    const [error] = [...document.errors, ...document.warnings]
    const lineOf = (offset: number) => lines.linePos(offset).line
    if (error)
      return { line: lineOf(error.pos[0]), message: `is not YAML: ${error.code.toLowerCase().replaceAll('_', ' ')}` }
    const misuse = findMisuse(document)
    if (misuse) return { line: lineOf(misuse.offset), message: misuse.message }
    documents.push({
      line: lineOf(document.contents?.range?.[0] ?? document.range[0]),
      value: document.toJS() as unknown,
    })
  }
  return { documents }
}

function refusal(message: string): SigmaFile {
  return { line: null, message }
}

/** Told from the tokens, which takes little time; building what is nested takes much. */
function isTooMuch(content: string): boolean {
  let tokens = 0
  let flow = 0
  let inLine = 0
  let isLineStart = true
  for (const token of new Lexer().lex(content)) {
    if (token === '[' || token === '{') flow++
    else if (token === ']' || token === '}') flow--
    else if (token === '\n' || token === '\r\n') inLine = 0
    else if (token === '-' || token === '?') inLine++
    else if (isLineStart && token.length > maximumIndent && token.trim() === '') return true
    isLineStart = token === '\n' || token === '\r\n'
    if (++tokens > maximumTokens || flow > maximumDepth || inLine > maximumDepth) return true
  }
  return false
}

function findMisuse(document: Document.Parsed): { offset: number; message: string } | null {
  let found: { offset: number; message: string } | null = null
  visit(document, {
    Alias: (_, { range }) => {
      found = { offset: range?.[0] ?? 0, message: 'must not use aliases' }
      return visit.BREAK
    },
    Map: (_, { items, range }) => {
      const keys = new Set<unknown>()
      for (const { key } of items) {
        const value = isScalar(key) ? String(key.value) : null
        const message = value === null ? 'must have names for fields' : keys.has(value) ? `has ${value} twice` : null
        if (message !== null) {
          found = { offset: (isScalar(key) || isMap(key) ? key.range?.[0] : range?.[0]) ?? 0, message }
          return visit.BREAK
        }
        keys.add(value)
      }
      return undefined
    },
  })
  return found
}
