import { techniqueById } from '../attack/catalogue.ts'
import type { RuleReading } from './types.ts'
import { YaraSyntaxError, type YaraToken, yaraTokens } from './yara-tokens.ts'

const keywords = new Set(
  (
    'all and any ascii at base64 base64wide condition contains defined endswith entrypoint false filesize for fullword ' +
    'global icontains iendswith iequals import in include int16 int16be int32 int32be int8 int8be istartswith matches ' +
    'meta nocase none not of or private rule startswith strings them true uint16 uint16be uint32 uint32be uint8 uint8be ' +
    'wide with xor'
  ).split(' '),
)
const stringModifiers = new Set(['ascii', 'wide', 'nocase', 'fullword', 'private', 'xor', 'base64', 'base64wide'])

/** Strings of one rule; YARA's own limit. */
const maximumStrings = 10_000

/** Modules of YARA 4 that read the file only. */
const modules = new Set([
  'pe',
  'elf',
  'hash',
  'math',
  'dotnet',
  'macho',
  'magic',
  'time',
  'string',
  'console',
  'lnk',
  'dex',
])

/** Reads a file of YARA rules (version 4) as far as its form goes, and says what is wrong; the first thing ends it. */
export function inspectYara(content: string): RuleReading {
  const reading: RuleReading = { problems: [], names: [], techniques: [] }
  try {
    const reader = new YaraReader(yaraTokens(content), reading)
    reader.file()
  } catch (error) {
    if (!(error instanceof YaraSyntaxError)) throw error
    reading.problems.push({ line: error.line, message: error.message })
  }
  if (reading.problems.length === 0 && reading.names.length === 0) {
    reading.problems.push({ line: null, message: 'holds no rule' })
  }
  return reading
}

class YaraReader {
  readonly #tokens: readonly YaraToken[]
  readonly #reading: RuleReading
  #at = 0

  constructor(tokens: readonly YaraToken[], reading: RuleReading) {
    this.#tokens = tokens
    this.#reading = reading
  }

  file(): void {
    while (this.#at < this.#tokens.length) {
      if (this.#accepts('import')) this.#import()
      else if (this.#peek()?.text === 'include') throw this.#error('must not include other files')
      else this.#rule()
    }
  }

  #import(): void {
    const name = this.#take('text').text.slice(1, -1)
    if (!modules.has(name)) throw this.#error(`imports a module that is not known: ${name}`)
  }

  #rule(): void {
    while (this.#accepts('private') || this.#accepts('global'));
    this.#expect('rule')
    const { text: name } = this.#name()
    if (this.#reading.names.includes(name)) throw this.#error(`has two rules with the name ${name}`)
    if (this.#accepts(':')) {
      this.#name()
      while (this.#peek()?.kind === 'word') this.#name()
    }
    this.#expect('{')
    if (this.#accepts('meta')) this.#meta()
    const strings = this.#accepts('strings') ? this.#strings() : new Set<string>()
    this.#expect('condition')
    this.#expect(':')
    this.#condition(strings)
    this.#expect('}')
    this.#reading.names.push(name)
  }

  #name(): YaraToken {
    const token = this.#take('word')
    if (keywords.has(token.text))
      throw new YaraSyntaxError(token.line, `uses ${token.text}, which is a keyword, as a name`)
    if (token.text.length > 128) throw new YaraSyntaxError(token.line, 'has a name of more than 128 characters')
    return token
  }

  #meta(): void {
    this.#expect(':')
    do {
      const { text: key } = this.#name()
      this.#expect('=')
      this.#accepts('-')
      const value = this.#next()
      if (value.kind !== 'text' && value.kind !== 'number' && !/^(?:true|false)$/.test(value.text)) {
        throw new YaraSyntaxError(value.line, `has no value for ${key}`)
      }
      if (/attack|technique|mitre/i.test(key)) this.#technique(value.text)
    } while (this.#peek()?.kind === 'word' && !['strings', 'condition'].includes(this.#peek()!.text))
  }

  #technique(text: string): void {
    for (const [id] of text.matchAll(/\bT\d{4}(?:\.\d{3})?\b/g)) {
      const technique = techniqueById(id)
      if (technique && !this.#reading.techniques.includes(technique.id)) this.#reading.techniques.push(technique.id)
    }
  }

  #strings(): Set<string> {
    this.#expect(':')
    const names = new Set<string>()
    while (this.#peek()?.kind === 'string-name') {
      const { text: name, line } = this.#next()
      if (!/^\$\w*$/.test(name)) throw new YaraSyntaxError(line, `has no name for a string: ${name}`)
      // `$` alone is a string without a name; there may be many.
      if (name !== '$' && names.has(name)) throw new YaraSyntaxError(line, `has two strings with the name ${name}`)
      names.add(name)
      if (names.size > maximumStrings) throw new YaraSyntaxError(line, `has more than ${maximumStrings} strings`)
      this.#expect('=')
      const value = this.#next()
      if (value.kind === 'bytes') checkBytes(value)
      else if ((value.kind !== 'text' || value.text === '""') && value.kind !== 'regex') {
        throw new YaraSyntaxError(value.line, `has no value for ${name}`)
      }
      this.#modifiers()
    }
    if (names.size === 0) throw this.#error('has no string under `strings`')
    return names
  }

  #modifiers(): void {
    while (stringModifiers.has(this.#peek()?.text ?? '')) {
      this.#next()
      if (this.#accepts('(')) while (!this.#accepts(')')) this.#next()
    }
  }

  /** An expression's own grammar is YARA's to check; here it is whole, and speaks of strings that are there. */
  #condition(strings: ReadonlySet<string>): void {
    const open: string[] = []
    const used = new Set<string>()
    let tokens = 0
    for (let token = this.#peek(); token && (token.text !== '}' || open.length > 0); token = this.#peek()) {
      this.#next()
      tokens++
      if (token.text === '(' || token.text === '[') open.push(token.text === '(' ? ')' : ']')
      else if (token.text === ')' || token.text === ']') {
        if (open.pop() !== token.text) throw new YaraSyntaxError(token.line, 'has a bracket that was not opened')
      } else if (token.text === '{' || token.text === '}' || token.text === '=') {
        throw new YaraSyntaxError(token.line, `has ${token.text} inside a condition`)
      } else if (['rule', 'meta', 'strings', 'condition', 'import', 'include'].includes(token.text)) {
        throw new YaraSyntaxError(token.line, `has ${token.text} inside a condition`)
      } else if (token.text === 'them') for (const name of strings) used.add(name)
      else if (token.kind === 'string-name') this.#use(token, strings, used)
    }
    if (tokens === 0) throw this.#error('has an empty condition')
    if (open.length > 0) throw this.#error('has a bracket that is not closed')
    const idle = [...strings].find((name) => !used.has(name) && !name.startsWith('$_') && name !== '$')
    if (idle !== undefined) throw this.#error(`has a string that its condition doesn't use: ${idle}`)
  }

  #use(token: YaraToken, strings: ReadonlySet<string>, used: Set<string>): void {
    const name = `$${token.text.slice(1)}`
    // In a loop over strings, the sign alone is the one at hand. What was used before needs no second look.
    if (name === '$' || used.has(name)) return
    used.add(name)
    if (!name.endsWith('*')) {
      if (!strings.has(name)) throw new YaraSyntaxError(token.line, `uses a string that is not there: ${token.text}`)
      return
    }
    const matches = [...strings].filter((one) => one.startsWith(name.slice(0, -1)))
    if (matches.length === 0) throw new YaraSyntaxError(token.line, `uses strings that are not there: ${token.text}`)
    for (const match of matches) used.add(match)
  }

  #peek(): YaraToken | undefined {
    return this.#tokens[this.#at]
  }

  #next(): YaraToken {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw this.#error('ends too early')
    this.#at++
    return token
  }

  #accepts(text: string): boolean {
    const token = this.#peek()
    if (token?.text !== text || (token.kind !== 'word' && token.kind !== 'sign')) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#accepts(text))
      throw this.#error(`must have \`${text}\` here, not \`${this.#peek()?.text.slice(0, 40) ?? 'the end'}\``)
  }

  #take(kind: YaraToken['kind']): YaraToken {
    const token = this.#peek()
    if (token?.kind !== kind) throw this.#error(`must have a ${kind} here`)
    return this.#next()
  }

  #error(message: string): YaraSyntaxError {
    return new YaraSyntaxError((this.#peek() ?? this.#tokens.at(-1))?.line ?? 1, message)
  }
}

/** Two digits, of which either may be open, each byte; jumps `[4-6]` and alternatives `(AA | BB)` between them. */
function checkBytes({ text, line }: YaraToken): void {
  const body = text.slice(1, -1).replaceAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
  const rest = body.replaceAll(/~?[0-9a-fA-F?]{2}|\[\s*\d*\s*(?:-\s*\d*\s*)?\]|[()|]|\s+/g, '')
  let depth = 0
  for (const sign of body) {
    if (sign === '(') depth++
    if (sign === ')') depth--
    if (depth < 0) break
  }
  if (rest !== '' || depth !== 0 || !/[0-9a-fA-F]/.test(body)) {
    throw new YaraSyntaxError(line, 'has bytes that are not pairs of hexadecimal digits')
  }
}
