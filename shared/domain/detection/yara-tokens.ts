/** What a YARA file is made of, one after the other. */
export interface YaraToken {
  kind: 'word' | 'string-name' | 'text' | 'bytes' | 'regex' | 'number' | 'sign'
  text: string
  /** Counted from 1. */
  line: number
}

export class YaraSyntaxError extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

const patterns: readonly (readonly [kind: YaraToken['kind'] | null, pattern: RegExp])[] = [
  [null, /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y],
  ['text', /"(?:[^"\\\n]|\\(?:["\\trn]|x[0-9a-fA-F]{2}))*"/y],
  ['word', /[A-Za-z_]\w*/y],
  ['string-name', /[$#@!](?:[A-Za-z_]\w*|\d\w*)?\*?/y],
  ['number', /0x[0-9a-fA-F]+|0o[0-7]+|\d+(?:\.\d+)?(?:KB|MB)?/y],
  ['sign', /==|!=|<=|>=|<<|>>|\.\.|[-+*\\%&|^~<>()[\]{}:,.=]/y],
]

/**
 * Cuts a YARA file into tokens (YARA documentation, "Writing YARA rules"). What follows `=` decides whether a brace opens
 * bytes and a slash opens a regular expression.
 *
 * @throws YaraSyntaxError at what is none: open quotes, unknown escapes, stray characters
 */
export function yaraTokens(content: string): YaraToken[] {
  const tokens: YaraToken[] = []
  let line = 1
  let at = 0
  while (at < content.length) {
    const previous = tokens.at(-1)
    const found = special(content, at, previous) ?? ordinary(content, at)
    if (found === null) throw new YaraSyntaxError(line, describe(content, at))
    if (found.kind !== null) tokens.push({ kind: found.kind, text: found.text, line })
    line += found.text.split('\n').length - 1
    at += found.text.length
  }
  return tokens
}

type Found = { kind: YaraToken['kind'] | null; text: string }

function ordinary(content: string, at: number): Found | null {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    const text = pattern.exec(content)?.[0]
    if (text !== undefined && text !== '') return { kind, text }
  }
  return null
}

const bytesPattern = /\{(?:[\s0-9a-fA-F?~[\]()|-]|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*\}/y
const regexPattern = /\/(?![/*])(?:[^/\\\n]|\\[^\n])+\/[is]{0,2}/y

function special(content: string, at: number, previous: YaraToken | undefined): Found | null {
  const sign = content[at]
  const isValue = previous?.text === '='
  const pattern = sign === '{' && isValue ? bytesPattern : sign === '/' && previous !== undefined ? regexPattern : null
  if (pattern === null) return null
  pattern.lastIndex = at
  const text = pattern.exec(content)?.[0]
  return text === undefined ? null : { kind: pattern === bytesPattern ? 'bytes' : 'regex', text }
}

function describe(content: string, at: number): string {
  if (content[at] === '"') return 'has a text that is not closed, or an escape that is none'
  return `has a character that means nothing here: ${JSON.stringify(String.fromCodePoint(content.codePointAt(at)!))}`
}
