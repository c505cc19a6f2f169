import { techniqueById } from '../attack/catalogue.ts'
import { isContent, splitOptions, splitSignature } from './suricata-syntax.ts'
import type { RuleReading } from './types.ts'

const actions = ['alert', 'pass', 'drop', 'reject', 'rejectsrc', 'rejectdst', 'rejectboth', 'config']
const maximumProblems = 50

/** Keywords whose value is a text in quotes. */
const quotedKeywords = new Set(['msg', 'content', 'uricontent', 'pcre'])

/** Reads a file of Suricata rules (user guide, chapter 8) as far as its form goes, and says what is wrong. */
export function inspectSuricata(content: string): RuleReading {
  const reading: RuleReading = { problems: [], names: [], techniques: [] }
  const ids = new Set<number>()
  let parts: string[] = []
  let start = 1
  for (const [at, line] of content.split('\n').entries()) {
    if (parts.length === 0) start = at + 1
    // A rule goes on in the next line where this one ends in a backslash.
    const goesOn = line.trimEnd().endsWith('\\')
    parts.push(goesOn ? line.trimEnd().slice(0, -1) : line)
    if (goesOn) continue
    const text = parts.join('').trim()
    parts = []
    if (text === '' || text.startsWith('#')) continue
    for (const message of inspectSignature(text, ids, reading)) reading.problems.push({ line: start, message })
    if (reading.problems.length >= maximumProblems) return reading
  }
  if (parts.length > 0) reading.problems.push({ line: start, message: 'goes on in a line that is not there' })
  if (reading.problems.length === 0 && ids.size === 0) reading.problems.push({ line: null, message: 'holds no rule' })
  return reading
}

function inspectSignature(text: string, ids: Set<number>, reading: RuleReading): string[] {
  if (/[^\P{Cc}\t]/u.test(text)) return ['must not hold control characters']
  const signature = splitSignature(text)
  if (signature === null) return ['must be action, protocol, from, ports, direction, to, ports and options in brackets']
  const problems: string[] = []
  if (!actions.includes(signature.action)) problems.push(`has an unknown action: ${signature.action}`)
  if (!/^[a-z0-9-]+$/.test(signature.protocol)) problems.push(`has no protocol: ${signature.protocol}`)
  for (const part of [signature.from, signature.fromPorts, signature.to, signature.toPorts]) {
    if (!isGroup(part)) problems.push(`has no address or port: ${part}`)
  }
  const options = splitOptions(signature.options)
  if (typeof options === 'string') return [...problems, options]
  return [...problems, ...inspectOptions(options, ids, reading)]
}

/** An address, a port, a variable, or a list of them in brackets, each perhaps negated. */
function isGroup(part: string): boolean {
  if (!/^[\w.:/$![\],-]+$/.test(part)) return false
  let depth = 0
  for (const sign of part) {
    if (sign === '[') depth++
    if (sign === ']' && --depth < 0) return false
    if (sign === ',' && depth === 0) return false
  }
  return depth === 0 && !/\[\]|,,|\[,|,\]/.test(part)
}

function inspectOptions(
  options: readonly { name: string; value: string | null }[],
  ids: Set<number>,
  reading: RuleReading,
): string[] {
  const problems: string[] = []
  for (const { name, value } of options) {
    if (!/^[a-z][a-z0-9_.-]*$/i.test(name)) problems.push(`has an option without a name: ${name.slice(0, 40)}`)
    if (quotedKeywords.has(name) && !/^!?"[\s\S]*"$/.test(value ?? '')) problems.push(`${name} must be in quotes`)
    else if (name === 'content' && !isContent(value ?? ''))
      problems.push('content must be text, or bytes between pipes')
    if (name === 'metadata') readTechniques(value ?? '', reading)
  }
  const of = (name: string) => options.filter((option) => option.name === name)
  const [message] = of('msg')
  if (of('msg').length !== 1) problems.push('must have one msg')
  else reading.names.push((message?.value ?? '').slice(1, -1))
  const [id] = of('sid')
  const number = Number(id?.value)
  if (of('sid').length !== 1 || !/^\d{1,10}$/.test(id?.value ?? '') || number < 1 || number > 0xffffffff) {
    problems.push('must have one sid between 1 and 4294967295')
  } else if (ids.has(number)) problems.push(`has the sid of another rule: ${number}`)
  else ids.add(number)
  if (of('rev').some(({ value }) => !/^\d{1,10}$/.test(value ?? ''))) problems.push('rev must be a number')
  return problems
}

function readTechniques(metadata: string, reading: RuleReading): void {
  for (const [, id = ''] of metadata.matchAll(/\bmitre_technique_id\s+(T\d{4}(?:[._]\d{3})?)\b/gi)) {
    const technique = techniqueById(id.toUpperCase().replace('_', '.'))
    if (technique && !reading.techniques.includes(technique.id)) reading.techniques.push(technique.id)
  }
}
