import type { Citation, Claim } from '../claims/types.ts'
import { reports, type TestReport } from './report-texts.ts'
import { sentencesIn } from './sentences.ts'
import type { Source, Sources } from './types.ts'

/** Makes false claims from true ones, for tests: everything is decided by a seed. */

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const idOf = (block: number, at: number): string =>
  `01960000-0000-7000-8000-${`${block}${String(at).padStart(11, '0')}`}`
export const documentId = (at: number): string => idOf(1, at)
/** A document of another tenant: it exists, and for the caller it doesn't. */
const foreignId = (at: number): string => idOf(2, at)
/** The same documents once more, marked RED. */
const redId = (at: number): string => idOf(3, at)
const evidenceId = (document: number, at: number): string => idOf(4, document * 1000 + at)

interface Sentence {
  text: string
  start: number
  end: number
}

interface World {
  report: TestReport
  at: number
  sentences: readonly Sentence[]
}

const worlds: readonly World[] = reports.map((report, at) => ({
  report,
  at,
  sentences: sentencesIn(report.text)
    .map(({ start, end }) => {
      const lead = /^\s*/.exec(report.text.slice(start, end))![0].length
      const text = report.text.slice(start, end).trim()
      return { text, start: start + lead, end: start + lead + text.length }
    })
    .filter(({ text }) => text.endsWith('.')),
}))

/** What the caller of these tests may see: every report, a RED copy of each, and no foreign one. */
export const testSources: Sources = (id) => known.get(id) ?? null

const known = new Map<string, Source>(
  worlds.flatMap(({ report, at, sentences }) => {
    const { title, text } = report
    const evidence = new Map(sentences.map(({ start, end }, index) => [evidenceId(at, index), { start, end }]))
    return [
      [documentId(at), { title, tlp: 'CLEAR', text, evidence }],
      [redId(at), { title, tlp: 'RED', text, evidence: new Map() }],
    ] as [string, Source][]
  }),
)

function cite(world: World, { start, end, text }: Sentence, document = documentId(world.at)): Citation {
  return { evidence_id: null, document_id: document, start, end, quote: text }
}

/** Every sentence as it stands, and every relation as templates tell it. */
export function trueClaims(): Claim[] {
  return worlds.flatMap((world) => [
    ...world.sentences.map((sentence, index) => ({
      text: sentence.text,
      citations: [{ ...cite(world, sentence), evidence_id: evidenceId(world.at, index) }],
    })),
    ...world.report.relations.flatMap(([subject, object, words]) => {
      const sentence = world.sentences.find(({ text }) => text.includes(words))
      if (sentence === undefined) throw new Error(`no sentence with "${words}"`)
      const citations = [cite(world, sentence)]
      return [`${subject} uses ${object}.`, `${subject} uses ${object}: ${sentence.text}`].map((text) => ({
        text,
        citations,
      }))
    }),
    ...world.report.shortened.map((text) => ({ text, citations: [cite(world, longerThan(world, text))] })),
  ])
}

/** The sentence that holds the words of a shortened one in their order. */
function longerThan(world: World, text: string): Sentence {
  const letters = (written: string) => written.toLowerCase().replace(/[^a-z0-9 -]/g, '')
  const found = world.sentences.find((sentence) => {
    const all = letters(sentence.text).split(' ')
    let at = 0
    for (const word of letters(text).split(' ')) at = all.indexOf(word, at) + 1 || Number.POSITIVE_INFINITY
    return Number.isFinite(at)
  })
  if (found === undefined) throw new Error(`no sentence holds "${text}"`)
  return found
}

const actors = ['APT28', 'Turla', 'Gamaredon Group', 'Leviathan', 'FIN8', 'menuPass', 'Crimson Weasel']
const techniques = [
  'Disk Wipe',
  'Brute Force',
  'Steganography',
  'Rootkit',
  'Domain Fronting',
  'Keylogging (T1056.001)',
  'T1486',
]
const tools = ['Brute Ratel C4', 'PlugX', 'gh0st RAT', 'Snake', 'Industroyer']
const additions = [
  ' and destroyed the backups',
  ' on behalf of a government',
  ' in Germany',
  ', which cost 4 million dollars',
  ' again',
  ' and Stuxnet',
  ' to influence an election',
]

export interface FalseClaim {
  kind: string
  claim: Claim
}

type Make = (world: World, pick: <Item>(list: readonly Item[]) => Item, random: () => number) => Claim | null

const known_actors = /\b(?:APT29|FIN7|OilRig|Emotet|TrickBot|Wizard Spider|Sandworm Team|Kimsuky|Turla|MuddyWater)\b/
const verbs = /\b(?:used|uses|sent|deployed|exploited|downloads|operates|created|injects|spreads|steals|dropped)\b/
const months = /\b(?:January|March|May|June|November|December)\b/

const withText = (text: string, citations: Citation[]): Claim => ({ text, citations })

/** Changes a sentence whose citation stays true; null when there is nothing to change. */
function changed(change: (text: string, pick: Parameters<Make>[1], random: () => number) => string | null): Make {
  return (world, pick, random) => {
    const sentence = pick(world.sentences)
    const text = change(sentence.text, pick, random)
    if (text === null || text === sentence.text) return null
    return withText(text, [cite(world, sentence)])
  }
}

const withTail = (text: string, tail: string): string => `${text.slice(0, -1)}${tail}.`

/** Each kind makes a claim, or null when the sentence that it drew gives none. */
export const kinds: Readonly<Record<string, Make>> = {
  'swapped actor': changed((text, pick) =>
    known_actors.test(text) ? text.replace(known_actors, pick(actors.filter((name) => !text.includes(name)))) : null,
  ),
  'wrong technique': (world, pick) => {
    const [subject, , words] = pick(world.report.relations)
    const sentence = world.sentences.find(({ text }) => text.includes(words))!
    return withText(`${subject} uses ${pick(techniques)}${pick(['.', `: ${sentence.text}`])}`, [cite(world, sentence)])
  },
  'wrong tool': (world, pick) => {
    const [subject, , words] = pick(world.report.relations)
    const sentence = world.sentences.find(({ text }) => text.includes(words))!
    return withText(`${subject} uses ${pick(tools)}${pick(['.', `: ${sentence.text}`])}`, [cite(world, sentence)])
  },
  'changed number': changed((text, _, random) => {
    const changedText = text.replace(/(?<![\w.[-])\d{1,3}(?![\w.[\]:-])/, (number) =>
      String(Number(number) + 1 + Math.floor(random() * 40)),
    )
    return changedText
  }),
  'changed date': changed((text, pick) =>
    months.test(text)
      ? text.replace(months, pick(['February', 'July', 'October']))
      : text.replace(/\b20\d\d\b/, pick(['2015', '2018', '2019'])),
  ),
  'changed indicator': changed((text) =>
    text.replace(
      /185\.220|203\.0|cdn-harbour|ledgerfox|update-telemetry|9f86|CVE-2023-34|CVE-2020-0|443|svchost/,
      (part) => `${part.slice(0, -1)}${part.at(-1) === '7' ? '8' : '7'}`,
    ),
  ),
  'negation removed': changed((text) => {
    const flipped = text
      .replace('There is no evidence that ', '')
      .replace(' did not encrypt', ' encrypted')
      .replace(/ (?:was|were) not /, ' was ')
      .replace(' does not spread', ' spreads')
      .replace(' never ', ' ')
      .replace(', but the tools differ', '')
    return flipped === text || !/\b(?:no|not|never)\b/.test(text) ? null : flipped
  }),
  'negation added': changed((text) =>
    /\b(?:not|no|never)\b/.test(text)
      ? null
      : text.replace(verbs, (verb) => `did not ${verb}`).replace(/ (was|were) /, ' $1 not '),
  ),
  'certainty upgraded': changed((text, pick) => {
    const sure = text
      .replace('Investigators believe that ', '')
      .replace('It is possible that ', '')
      .replace(' may have been ', pick([' was ', ' has been ']))
      .replace(' could have used ', ' used ')
      .replace(' likely ', ' ')
      .replace(' attempted to use ', ' used ')
      .replace(' but failed on patched servers', '')
      .replace(', according to an unconfirmed report', '')
      .replace(' should ', ' ')
    return sure
  }),
  'blame made fact': changed((text, pick) =>
    text.startsWith('Turla was blamed')
      ? pick([
          'Turla uses a similar intrusion.',
          'Turla conducted a similar intrusion in 2022.',
          'A similar intrusion in 2022 was conducted by Turla.',
        ])
      : null,
  ),
  'subject and object swapped': (world, pick) => {
    const [subject, object, words] = pick(world.report.relations)
    const sentence = world.sentences.find(({ text }) => text.includes(words))!
    return withText(pick([`${object} uses ${subject}.`, `${object} deployed ${subject}: ${sentence.text}`]), [
      cite(world, sentence),
    ])
  },
  'invented verb': changed((text, pick) =>
    text.replace(verbs, pick(['destroyed', 'sold', 'abandoned', 'invented', 'detected'])),
  ),
  'invented addition': changed((text, pick) => withTail(text, pick(additions))),
  'invented relation': (world, pick) => {
    const [subject] = pick(world.report.relations)
    const others = world.sentences.filter(
      ({ text }) => !text.includes(subject) || /Victims|not|never|blamed|unconfirmed|according/.test(text),
    )
    const sentence = pick(others)
    const object =
      /Mimikatz|PsExec|Cobalt Strike|Ryuk|Conti|NotPetya|AppleSeed|LockBit|QakBot|TrickBot|ransomware|Lazarus Group|185\S+|203\S+|T1486/.exec(
        sentence.text,
      )?.[0]
    if (object === undefined || (world.report.title.startsWith('Emotet') && object === 'TrickBot')) return null
    return withText(`${subject} uses ${object}.`, [cite(world, sentence)])
  },
  'two sentences merged': (world, pick) => {
    const [a, b] = [pick(world.sentences), pick(world.sentences)]
    const [first, second] = [verbs.exec(a.text), verbs.exec(b.text)]
    if (a === b || first === null || second === null) return null
    const subject = a.text.slice(0, first.index)
    if (b.text.startsWith(subject.trim()) || subject.split(' ').length > 5) return null
    const text = subject + b.text.slice(second.index)
    return world.report.text.includes(text) ? null : withText(text, [cite(world, a), cite(world, b)])
  },
  'names of two sentences related': (world, pick) => {
    const [a, b] = [pick(world.report.relations), pick(world.report.relations)]
    if (a[0] === b[0]) return null
    const isTrue = world.report.relations.some(([subject, object]) => subject === a[0] && object === b[1])
    if (isTrue) return null
    const cited = [a, b].map(([, , words]) => cite(world, world.sentences.find(({ text }) => text.includes(words))!))
    return withText(`${a[0]} uses ${b[1]}.`, cited)
  },
  'truncated quote': (world, pick) => {
    const sentence = pick(world.sentences)
    const cut =
      /(?:no evidence that|believe that|possible that|Victims of|MuddyWater likely|which|attempted to|could have|was blamed for) /.exec(
        sentence.text,
      )
    if (cut === null) return null
    const from = cut.index + cut[0].length
    const text = sentence.text.slice(from)
    const citation = { ...cite(world, sentence), start: sentence.start + from, quote: text }
    return withText(text[0]!.toUpperCase() + text.slice(1), [citation])
  },
  'end of the quote cut off': (world, pick) => {
    const sentence = pick(world.sentences)
    const cut = / (?:, according|but failed|, but|when it is)|, according to|, which/.exec(sentence.text)
    if (cut === null || !/attempted|unconfirmed|blamed/.test(sentence.text)) return null
    const text = sentence.text.slice(0, cut.index)
    const citation = { ...cite(world, sentence), end: sentence.start + cut.index, quote: text }
    return withText(
      pick([text, `${text}.`])
        .replace('attempted to use', 'used')
        .replace('was blamed for', 'conducted'),
      [citation],
    )
  },
  'quote at the wrong place': (world, pick, random) => {
    const sentence = pick(world.sentences)
    const by = (1 + Math.floor(random() * 30)) * (random() < 0.5 ? -1 : 1)
    return withText(sentence.text, [
      {
        ...cite(world, sentence),
        start: Math.max(0, sentence.start + by),
        end: Math.max(0, sentence.start + by) + sentence.text.length,
      },
    ])
  },
  'offsets of another length': (world, pick) => {
    const sentence = pick(world.sentences)
    return withText(sentence.text, [{ ...cite(world, sentence), end: sentence.end + pick([1, 2, -1]) }])
  },
  'quote of another document': (world, pick) => {
    const other = pick(worlds.filter((each) => each !== world))
    const sentence = pick(other.sentences)
    return withText(sentence.text, [cite(world, sentence)])
  },
  'evidence of another document': (world, pick) => {
    const other = pick(worlds.filter((each) => each !== world))
    const sentence = pick(world.sentences)
    return withText(sentence.text, [
      { ...cite(world, sentence), evidence_id: evidenceId(other.at, pick([0, 1, 2, 3])) },
    ])
  },
  'evidence of another place': (world, pick) => {
    const [a, b] = [pick(world.sentences), pick(world.sentences)]
    if (a === b) return null
    return withText(a.text, [{ ...cite(world, a), evidence_id: evidenceId(world.at, world.sentences.indexOf(b)) }])
  },
  'near-miss quote': (world, pick, random) => {
    const sentence = pick(world.sentences)
    const at = Math.floor(random() * sentence.text.length)
    const letter = pick(['x', 'е', '\u200b', ' ', '0'])
    const text = `${sentence.text.slice(0, at)}${letter}${sentence.text.slice(at + 1)}`
    return text === sentence.text ? null : withText(text, [{ ...cite(world, sentence), quote: text }])
  },
  'made-up quote': (world, pick) => {
    const sentence = pick(world.sentences)
    const text = `${pick(actors)} used ${pick(tools)} against ministries.`
    return withText(text, [{ ...cite(world, sentence), quote: text }])
  },
  "another tenant's document": (world, pick) => {
    const sentence = pick(world.sentences)
    return withText(sentence.text, [cite(world, sentence, foreignId(world.at))])
  },
  'one true and one foreign citation': (world, pick) => {
    const sentence = pick(world.sentences)
    return withText(sentence.text, [cite(world, sentence), cite(world, sentence, foreignId(world.at))])
  },
  'source above the audience': (world, pick) => {
    const sentence = pick(world.sentences)
    return withText(sentence.text, [cite(world, sentence, redId(world.at))])
  },
  'nothing cited': (world, pick) => withText(pick(world.sentences).text, []),
  'true quote, other claim': (world, pick) => {
    const [a, b] = [pick(world.sentences), pick(world.sentences)]
    return a === b ? null : withText(a.text, [cite(world, b)])
  },
  'true sentence with a false one': (world, pick) => {
    const sentence = pick(world.sentences)
    const lie = pick([
      'The group also destroyed all backups.',
      `${pick(actors)} did the same.`,
      'All data was published.',
      'This was confirmed by APT29.',
    ])
    return withText(pick([`${sentence.text} ${lie}`, `${lie} ${sentence.text}`]), [cite(world, sentence)])
  },
  'false label before a true quote': (world, pick) => {
    const sentence = pick(world.sentences)
    const label = pick([
      'Confirmed',
      'Malicious and active',
      `${pick(actors)} destroyed this`,
      'The victims paid',
      `Attributed to ${pick(actors)}`,
    ])
    return withText(`${label}: ${sentence.text}`, [cite(world, sentence)])
  },
}

/** The false claim of a seed: the kinds take turns. */
export function falseClaim(seed: number): FalseClaim {
  const random = seeded(seed)
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!
  const names = Object.keys(kinds)
  const kind = names[seed % names.length]!
  for (let tries = 0; tries < 2000; tries++) {
    const claim = kinds[kind]!(pick(worlds), pick, random)
    if (claim !== null) return { kind, claim }
  }
  throw new Error(`no claim of the kind "${kind}"`)
}
