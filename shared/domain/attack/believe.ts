import {
  ACTOR_CONTEXT,
  COMMAND_SOFTWARE,
  NAMING_WORDS,
  NOT_BESIDE,
  OWN_CONTEXT,
  SHARED_NAME_DEFAULT,
  SOFTWARE_CONTEXT,
} from './data/name-rules.ts'
import type { NameEntry } from './names.ts'
import { isCapitalised, isUpperCase, visitBeside, wordsBeside } from './text-checks.ts'

/** What a first look at a mention says: believe it, drop it, or believe it if the rest of the text confirms the name. */
export type Verdict = 'yes' | 'no' | 'if-confirmed'

const VULNERABILITY_CONTEXT = new Set(
  'vulnerability vulnerabilities flaw flaws bug exploit exploits exploited exploiting cve patch patched attack attacks'.split(
    ' ',
  ),
)

const WORDS_AFTER = 2
const WORDS_BEFORE = 4

/**
 * Judges one mention of a name by its spelling and by the words beside it.
 *
 * @param text the text
 * @param start the span's start
 * @param end the span's end, exclusive
 * @param entry the name that was found
 */
export function judgeMention(text: string, start: number, end: number, entry: NameEntry): Verdict {
  if (entry.evidence === 'command') return isCommand(text, start, end, entry.written) ? 'yes' : 'no'
  if (!spelledRight(text, start, end, entry)) return 'no'
  // Most names are unlike any everyday word: nothing more to ask.
  if (entry.evidence === 'none' && !(entry.written in NOT_BESIDE)) return 'yes'
  if (standsBesideOther(text, start, end, entry.written)) return 'no'
  if (entry.evidence === 'none') return 'yes'
  if (entry.kind === 'vulnerability') return hasWord(text, start, end, VULNERABILITY_CONTEXT) ? 'yes' : 'no'
  const own = OWN_CONTEXT[entry.written]
  if (own !== undefined) return hasWord(text, start, end, own) ? 'yes' : 'if-confirmed'
  return hasWord(text, start, end, entry.kind === 'actor' ? ACTOR_CONTEXT : SOFTWARE_CONTEXT) ? 'yes' : 'if-confirmed'
}

function spelledRight(text: string, start: number, end: number, entry: NameEntry): boolean {
  if (entry.spelling === 'any') return true
  if (entry.spelling === 'capitalised') {
    if (isCapitalised(text, start, end)) return true
    return text.slice(start, end) === entry.written
  }
  return text.slice(start, end) === entry.written || (entry.written.length > 2 && isUpperCase(text, start, end))
}

function standsBesideOther(text: string, start: number, end: number, written: string): boolean {
  const rule = NOT_BESIDE[written]
  if (rule === undefined) return false
  const [before] = wordsBeside(text, start, -1, 1)
  const [after] = wordsBeside(text, end, 1, 1)
  return (
    (before !== undefined && rule.before?.has(before) === true) ||
    (after !== undefined && rule.after?.has(after) === true)
  )
}

/**
 * Whether a word of the set stands beside the name, with nothing but naming words in between: "the group known as
 * Silence" and "Silence APT group" do, "Silence fell over the group" does not.
 */
function hasWord(text: string, start: number, end: number, words: ReadonlySet<string>): boolean {
  return firstTelling(text, start, end, (word) => words.has(word)) !== null
}

/** The nearest word beside a name that tells something, first after it, then before it, past naming words only. */
function firstTelling(text: string, start: number, end: number, tells: (word: string) => boolean): string | null {
  let told: string | null = null
  const visit = (word: string) => {
    if (tells(word)) told = word
    return told === null && NAMING_WORDS.has(word)
  }
  visitBeside(text, end, 1, WORDS_AFTER, visit)
  if (told === null) visitBeside(text, start, -1, WORDS_BEFORE, visit)
  return told
}

/**
 * Decides between the group and the software of one name ("Carbanak") by the nearest word that tells, else by habit.
 *
 * @param text the text
 * @param start the span's start
 * @param end the span's end, exclusive
 * @param name the shared name in any case
 */
export function sharedNameMeans(text: string, start: number, end: number, name: string): 'actor' | 'software' {
  const word = firstTelling(text, start, end, (each) => GROUP_WORDS.has(each) || SOFTWARE_CONTEXT.has(each))
  if (word !== null) return GROUP_WORDS.has(word) ? 'actor' : 'software'
  return SHARED_NAME_DEFAULT[name.toLowerCase().replace(/[^a-z0-9]/g, '')] ?? 'software'
}

const GROUP_WORDS = new Set(
  'group groups gang team actor actors apt adversary adversaries operators operator hackers hacking affiliates affiliate attackers syndicate crew cybercrime espionage'.split(
    ' ',
  ),
)

const SPACE = 32
const RUNNING_WORDS = new Set(
  'command commands run runs ran running execute executes executed executing issued via using utility utilities cmd with like'.split(
    ' ',
  ),
)

function isCommand(text: string, start: number, end: number, written: string): boolean {
  const subcommands = COMMAND_SOFTWARE[written] ?? ''
  if (subcommands === '*') return true
  const after = text.charCodeAt(end)
  if (after === 46 && text.slice(end, end + 4).toLowerCase() === '.exe') return true
  // Part of a longer word, a path or an address: "route-map", "/net/", "look.at".
  if (isPathMark(after) || isPathMark(text.charCodeAt(start - 1)) || !isLowerCase(text, start, end)) return false
  if (after !== SPACE) return false
  if (startsWithSwitch(text, end + 1)) return written !== 'at' || text.charCodeAt(end + 1) === 92
  const [following] = wordsBeside(text, end, 1, 1)
  if (following === undefined) return false
  if (following === 'command' || following === 'utility') return written !== 'at'
  if (!subcommands.split(' ').includes(following) || !isLowerCase(text, start, end + 1 + following.length)) return false
  const rest = end + 1 + following.length
  if (isQuote(text.charCodeAt(rest)) || (text.charCodeAt(rest) === SPACE && startsArgument(text, rest + 1))) return true
  if (isQuote(text.charCodeAt(start - 1))) return true
  return wordsBeside(text, start, -1, 3).some((word) => RUNNING_WORDS.has(word))
}

function isPathMark(unit: number): boolean {
  return unit === 45 || unit === 46 || unit === 47 || unit === 64
}

function isQuote(unit: number): boolean {
  return unit === 34 || unit === 39 || unit === 96 || (unit >= 0x2018 && unit <= 0x201f)
}

function isLetter(unit: number): boolean {
  return (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
}

/** `/c`, `-a`, `+h`, `/?` or a `\\host`, as the first argument of a command. */
function startsWithSwitch(text: string, at: number): boolean {
  const mark = text.charCodeAt(at)
  const letter = text.charCodeAt(at + 1)
  if (mark === 92) return letter === 92
  if (mark !== 45 && mark !== 47 && mark !== 43) return false
  return letter === 63 || (isLetter(letter) && !isLetter(text.charCodeAt(at + 2)))
}

function startsArgument(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return isQuote(unit) || unit === 47 || unit === 92 || unit === 60 || unit === 37
}

function isLowerCase(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 65 && unit <= 90) return false
  }
  return true
}
