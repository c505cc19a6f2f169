const DOUBLING = /^(?:[^aeiou]*[aeiou][^aeiouwxy]|begin|refer|transfer|commit|permit|submit|reset|unzip|format)$/

/**
 * The spellings under which a regular English verb or noun appears: base, -s, -ed and -ing, with the usual changes.
 * Forms that no one writes cost one table entry and match nothing.
 *
 * @param base the lower-case base form, e.g. `steal`, `copy`, `drop`
 */
export function inflect(base: string): string[] {
  let forms = known.get(base)
  if (forms === undefined) {
    forms = formsOf(base)
    known.set(base, forms)
  }
  return forms
}

const known = new Map<string, string[]>()

function formsOf(base: string): string[] {
  const irregular = IRREGULAR[base]
  if (irregular !== undefined) return [base, ...irregular]
  if (base.endsWith('e')) return [base, `${base}s`, `${base}d`, `${base.slice(0, -1)}ing`]
  if (/[^aeiou]y$/.test(base)) {
    const stem = base.slice(0, -1)
    return [base, `${stem}ies`, `${stem}ied`, `${base}ing`]
  }
  const plural = /(?:s|x|z|ch|sh)$/.test(base) ? `${base}es` : `${base}s`
  if (DOUBLING.test(base)) {
    const doubled = base + base.at(-1)
    return [base, plural, `${doubled}ed`, `${doubled}ing`, `${base}ed`, `${base}ing`]
  }
  return [base, plural, `${base}ed`, `${base}ing`]
}

const IRREGULAR: Readonly<Record<string, readonly string[]>> = {
  begin: ['begins', 'began', 'begun', 'beginning'],
  bring: ['brings', 'brought', 'bringing'],
  build: ['builds', 'built', 'building'],
  find: ['finds', 'found', 'finding'],
  get: ['gets', 'got', 'getting'],
  give: ['gives', 'gave', 'given', 'giving'],
  hide: ['hides', 'hid', 'hidden', 'hiding'],
  hold: ['holds', 'held', 'holding'],
  keep: ['keeps', 'kept', 'keeping'],
  make: ['makes', 'made', 'making'],
  overwrite: ['overwrites', 'overwrote', 'overwritten', 'overwriting'],
  read: ['reads', 'reading'],
  run: ['runs', 'ran', 'running'],
  send: ['sends', 'sent', 'sending'],
  set: ['sets', 'setting'],
  spread: ['spreads', 'spreading'],
  steal: ['steals', 'stole', 'stolen', 'stealing'],
  take: ['takes', 'took', 'taken', 'taking'],
  turn: ['turns', 'turned', 'turning'],
  write: ['writes', 'wrote', 'written', 'writing'],
}
