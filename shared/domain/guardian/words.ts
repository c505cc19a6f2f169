import { withoutHidden } from './hidden-characters.ts'

/** A word of a sentence, or a mark that separates its parts. */
export interface Token {
  /** As it is compared: lower case, refanged, without quotation marks; a mark is one of `, ; : ( ) — ?`, brackets of both kinds are round. */
  word: string
  /** What it comes from when it is inflected: "used", "employs" and "using" are all "use". */
  lemma: string
  mark: boolean
  /** Whether it was written with a capital or in digits. */
  capital: boolean
  /** Where in the normalised text it stands. */
  start: number
  end: number
}

const quotes = /[«»“”„‟"‹›`´]/g

/** A text as texts are compared: compatible characters, invisible ones gone, refanged, one kind of quote and space. */
export function normalise(text: string): string {
  return withoutHidden(text)
    .normalize('NFKC')
    .replace(/[‘’‚‛]/g, "'")
    .replace(quotes, '"')
    .replace(/[‐‑‒−]/g, '-')
    .replace(/[–—―]/g, '—')
    .replace(/[[({<] ?(?:\.|dot) ?[\])}>]/gi, '.')
    .replace(/[[({<] ?(?:@|at) ?[\])}>]/gi, '@')
    .replace(/\[(:\/?\/?)\]/g, '$1')
    .replace(/\bhxxp(s?)\b/gi, 'http$1')
    .replace(/\bfxp(s?):/gi, 'ftp$1:')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The words and separating marks of a normalised text. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  const add = (word: string, start: number, mark = false) => {
    const lower = word.toLowerCase()
    tokens.push({
      word: lower,
      // The month is not the verb.
      lemma: mark ? lower : word === 'May' ? 'month' : lemmaOf(lower),
      mark,
      capital: !mark && /^\P{L}*[\p{Lu}\p{N}]/u.test(word),
      start,
      end: start + word.length,
    })
  }
  for (const match of text.matchAll(/\S+/g)) {
    let [chunk] = match
    let at = match.index
    const opening = /^["'*_|[{<>•·#~=(—-]+/.exec(chunk)
    if (opening !== null) {
      for (const [index, character] of [...opening[0]].entries()) {
        if (character === '(' || character === '[') add('(', at + index, true)
        else if (character === '—') add(character, at + index, true)
      }
      at += opening[0].length
      chunk = chunk.slice(opening[0].length)
    }
    // Scanned from the end by hand: a pattern anchored there alone would look from every character.
    let end = chunk.length
    while (end > 0 && closing.has(chunk[end - 1]!)) end--
    const tail = chunk.slice(end)
    let word = chunk.slice(0, end)
    if (word !== '') {
      const dash = word.indexOf('—')
      if (dash > 0) {
        add(word.slice(0, dash), at)
        add('—', at + dash, true)
        at += dash + 1
        word = word.slice(dash + 1)
      }
      if (word.endsWith("'s")) {
        add(word.slice(0, -2), at)
        add("'s", at + word.length - 2)
      } else if (word !== '') add(word, at)
      at += word.length
    }
    for (const [index, character] of [...tail].entries()) {
      if (separating.has(character)) add(character === ']' ? ')' : character, at + index, true)
    }
  }
  return tokens
}

const closing = new Set('"\'*_|]}>.,;:!?…)—-<=#~')
const separating = new Set(',;:)]—?')

const irregular: Readonly<Record<string, string>> = {
  ran: 'run', sent: 'send', stole: 'steal', stolen: 'steal', wrote: 'write', written: 'write', began: 'begin',
  begun: 'begin', hid: 'hide', hidden: 'hide', took: 'take', taken: 'take', made: 'make', got: 'get', gave: 'give',
  given: 'give', spread: 'spread', set: 'set', built: 'build', sold: 'sell', led: 'lead', held: 'hold', kept: 'keep',
  brought: 'bring', overwrote: 'overwrite', overwritten: 'overwrite',
} // biome-ignore format: a table

const same: Readonly<Record<string, string>> = {
  employ: 'use', leverage: 'use', utilize: 'use', utilise: 'use',
} // biome-ignore format: a table

/** What somebody does to something, in attacks: each with its inflections. */
const doing =
  'use employ leverage utilize utilise deploy exploit abuse conduct perform execute run send deliver distribute install drop download upload create modify delete steal dump harvest collect gather exfiltrate encrypt decrypt inject obtain gain establish maintain move scan enumerate communicate connect contact beacon target compromise access launch compile rely write read register schedule disable clear hide obfuscate pack encode bypass escalate spread propagate capture log record query search discover list stage compress archive transfer abuse hijack sideload load spawn invoke call drop wipe destroy deface flood phish spoof impersonate masquerade sign host operate develop acquire purchase buy rent attach embed exploit carry crack brute-force spray guess relay intercept sniff proxy tunnel redirect inhibit stop kill terminate uninstall set change add remove take attack breach hack infect'.split(
    ' ',
  )

const lemmas = new Map<string, string>()
for (const verb of doing) {
  const lemma = same[verb] ?? verb
  const stem = verb.endsWith('e') ? verb.slice(0, -1) : verb
  const doubled = /[^aeiou][aeiou][bdgmnpt]$/.test(verb) ? verb + verb.at(-1) : verb
  const third = /(?:s|x|ch|sh)$/.test(verb) ? `${verb}es` : verb.endsWith('y') ? `${verb.slice(0, -1)}ies` : `${verb}s`
  const past = /[^aeiou]y$/.test(verb) ? `${verb.slice(0, -1)}ied` : `${stem}ed`
  for (const form of [verb, third, `${verb}s`, past, `${stem}ing`, `${doubled}ed`, `${doubled}ing`])
    lemmas.set(form, lemma)
}
for (const [form, lemma] of Object.entries(irregular)) lemmas.set(form, lemma)
const verbs = new Set(lemmas.values())

function lemmaOf(word: string): string {
  return lemmas.get(word) ?? word
}

/** Whether a word can be what an attacker or a program does. */
export function isDoing(token: Token): boolean {
  return verbs.has(token.lemma)
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/))

export const articles = words('a an the')

/** What may be left out of a sentence without changing what it says. */
const leftOut = words(
  'a an the has have had also then additionally moreover furthermore subsequently thus hence therefore and',
)
const noAdverbs = words(
  'supply family july italy early daily apply reply rely fly ally assembly anomaly multiply comply',
)

export function mayBeLeftOut({ word, mark, capital }: Token): boolean {
  if (mark) return word === ','
  if (leftOut.has(word)) return true
  return word.endsWith('ly') && word.length > 4 && !noAdverbs.has(word) && !capital && !hedges.has(word)
}

/** What turns a statement round. */
export const negations = words(
  `not no never none nobody nothing neither nor without cannot can't lack lacks lacked lacking absence hardly barely rarely
  seldom instead rather unable`,
)

/** What makes a statement less than a fact: possibility, hearsay, intent, condition, exercise, denial, limits. */
export const hedges = words(
  `may might could can should would will shall likely unlikely possible possibly potential potentially probable probably
  perhaps maybe apparently seemingly allegedly alleged alleges allege reportedly supposedly supposed purportedly purported
  presumably presumed suspected suspect suspects suspicion believed believe believes thought think thinks rumored rumoured
  claimed claim claims claiming assess assessed assesses assessment appear appears appeared seem seems seemed suggest suggests
  suggested according speculation speculated speculate hypothesis hypothetical theoretically theoretical unconfirmed unverified
  unclear unknown disputed dispute disputes denied deny denies denying refuted refutes blamed blame blames accused accuse accuses
  mistaken mistakenly false falsely fake hoax wrongly incorrectly erroneously confidence attempt attempts attempted attempting
  try tries tried trying fail fails failed failing plan plans planned planning intend intends intended intending want wants
  wanted wanting threaten threatens threatened if whether unless except only until stopped ceased prevented blocked thwarted
  foiled mitigated simulate simulated simulates simulating simulation emulate emulated emulates emulating emulation exercise
  drill tabletop demo demonstration proof-of-concept fictional fictitious honeypot nearly almost partially former formerly
  pretend pretended pretending unlike contrary retracted say says said stated told insists insisted ?`,
)

/** What, behind a statement or before a list, says that it is in doubt or made up. */
export const doubts = words(
  `unconfirmed unverified disputed dispute disputes denied denies deny false mistaken mistakenly erroneously incorrectly
  allegedly reportedly supposedly hoax simulation simulated exercise claimed claims alleged speculation retracted refuted
  hypothetical fictional fictitious rumored rumoured wrongly`,
)

export function isNegation({ word }: Token): boolean {
  return negations.has(word) || word.endsWith("n't")
}

export function isHedge({ word, lemma }: Token): boolean {
  return hedges.has(word) && lemma !== 'month'
}

const numberWords = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ')

/** A token as numbers are compared ("1,200" is "1200", "three" is "3"); else null. */
export function numberOf({ word, mark }: Token): string | null {
  if (mark) return null
  const spelled = numberWords.indexOf(word)
  // "One" and "two" are said of everything.
  if (spelled > 1) return String(spelled)
  if (!/^[$€£₹~+<>-]?\d[\d.,]*(?:%|st|nd|rd|th|[kmg]b?|bn|x)?$/.test(word)) return null
  return word.replace(/(?<=\d),(?=\d{3})/g, '').replace(/^[~+<>-]|(?:st|nd|rd|th)$/g, '')
}
