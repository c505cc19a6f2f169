/** The parts of one rule, as text. */
export interface SignatureParts {
  action: string
  protocol: string
  from: string
  fromPorts: string
  to: string
  toPorts: string
  /** What stands between the outer brackets. */
  options: string
}

/** Takes a rule apart, or null when it has not that form. Lists of addresses may hold spaces. */
export function splitSignature(text: string): SignatureParts | null {
  const open = text.indexOf('(')
  if (open < 0 || !text.endsWith(')')) return null
  const words = joinLists(text.slice(0, open).trim())
  if (words.length !== 7 || !['->', '<>', '=>'].includes(words[4]!)) return null
  const [action, protocol, from, fromPorts, , to, toPorts] = words as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  return { action, protocol, from, fromPorts, to, toPorts, options: text.slice(open + 1, -1) }
}

/** Words between spaces, where spaces inside square brackets don't count. */
function joinLists(header: string): string[] {
  const words: string[] = []
  let word = ''
  let depth = 0
  for (const sign of header) {
    if (sign === '[') depth++
    if (sign === ']') depth--
    if (!/\s/.test(sign)) word += sign
    else if (depth <= 0 && word !== '') {
      words.push(word)
      word = ''
    }
  }
  return word === '' ? words : [...words, word]
}

/**
 * Takes options apart at their semicolons; those in quotes and behind a backslash don't count.
 *
 * @returns what is wrong, when it can't be done
 */
export function splitOptions(text: string): { name: string; value: string | null }[] | string {
  const options: { name: string; value: string | null }[] = []
  let option = ''
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '\\') {
      option += sign + (text[++at] ?? '')
    } else if (sign === '"') {
      quoted = !quoted
      option += sign
    } else if (sign === ';' && !quoted) {
      const colon = option.indexOf(':')
      options.push(
        colon < 0
          ? { name: option.trim(), value: null }
          : { name: option.slice(0, colon).trim(), value: option.slice(colon + 1).trim() },
      )
      option = ''
    } else option += sign
  }
  if (quoted) return 'has quotes that are not closed'
  return option.trim() === '' ? options : 'must end each option with a semicolon'
}

/** Whether a content's value is text without what must be escaped, with whole bytes in hexadecimal between its pipes. */
export function isContent(value: string): boolean {
  const text = /^!?"([\s\S]*)"$/.exec(value)?.[1]
  if (text === undefined || text === '') return false
  let hexadecimal = false
  let bytes = ''
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '|') {
      if (hexadecimal && (bytes.length === 0 || bytes.length % 2 > 0)) return false
      hexadecimal = !hexadecimal
      bytes = ''
    } else if (hexadecimal) {
      if (sign !== ' ' && !/[0-9a-f]/i.test(sign)) return false
      if (sign !== ' ') bytes += sign
    } else if (sign === '\\') {
      if (!['\\', '"', ';', ':', '|'].includes(text[++at] ?? '')) return false
    } else if (sign === '"' || sign === ';') return false
  }
  return !hexadecimal
}
