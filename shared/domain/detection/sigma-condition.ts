/**
 * Checks a condition (Sigma 2.1, section Condition): names of searches with `and`, `or`, `not` and brackets, and
 * `1 of name*`, `all of them`.
 *
 * @param names of the searches that there are
 * @returns what is wrong, in words that go on from the name of the field
 */
export function conditionProblems(condition: string, names: readonly string[]): string[] {
  const tokens = condition.match(/[()]|[^\s()]+/g) ?? []
  if (tokens.length > 1000) return ['is too long']
  const problems: string[] = []
  let at = 0
  const next = () => tokens[at]?.toLowerCase()

  /** Or, and, not: all bind to the operand on their right; which binds more tightly doesn't matter for what is valid. */
  function expression(depth: number): void {
    if (depth > 50) throw new ConditionError('is nested too deeply')
    operand(depth)
    while (next() === 'and' || next() === 'or') {
      at++
      operand(depth)
    }
  }

  function operand(depth: number): void {
    while (next() === 'not') at++
    const token = tokens[at++]
    if (token === undefined) throw new ConditionError('ends where a search is expected')
    if (token === '(') {
      expression(depth + 1)
      if (tokens[at++] !== ')') throw new ConditionError('has a bracket that is not closed')
    } else if (/^(?:1|any|all)$/i.test(token) && next() === 'of') {
      at++
      quantified(tokens[at++])
    } else if (!names.includes(token)) problems.push(`names a search that is not there: ${token}`)
  }

  function quantified(pattern: string | undefined): void {
    if (pattern === undefined || pattern === ')' || pattern === '(') throw new ConditionError('ends behind `of`')
    if (pattern.toLowerCase() === 'them') return
    const parts = pattern.split('*')
    const isMatch = (name: string) =>
      parts.length === 1
        ? name === pattern
        : name.startsWith(parts[0]!) && name.endsWith(parts.at(-1)!) && inOrder(name, parts)
    if (!names.some(isMatch)) problems.push(`names searches that are not there: ${pattern}`)
  }

  try {
    expression(0)
    if (at < tokens.length) problems.push(`has more than one expression: ${tokens[at]}`)
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error
    problems.push(error.message)
  }
  return problems
}

class ConditionError extends Error {}

function inOrder(name: string, parts: readonly string[]): boolean {
  let from = 0
  for (const part of parts) {
    const found = name.indexOf(part, from)
    if (found < 0) return false
    from = found + part.length
  }
  return true
}
