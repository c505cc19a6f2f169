const named: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  colon: ':',
  sol: '/',
  period: '.',
  commat: '@',
  lbrack: '[',
  lsqb: '[',
  rsqb: ']',
  lpar: '(',
  rpar: ')',
  excl: '!',
  nbsp: ' ',
  Tab: ' ',
  NewLine: ' ',
}

/** A text and what it becomes when somebody decodes its percent-encoding and HTML entities, up to three times. */
export function readings(text: string): string[] {
  const found = [text]
  for (let round = 0; round < 3; round++) {
    const before = found.at(-1)!
    const after = decodeEntities(decodePercent(before)).normalize('NFKC')
    if (after === before) break
    found.push(after)
  }
  return found
}

function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));?/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code).toWellFormed() : ''
  })
}

/** Letters of other scripts that look like Latin ones, as they are used to spell what is looked for. */
const lookalikes: Readonly<Record<string, string>> = Object.fromEntries(
  [...'аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwѵvгrкkмmтtвbнhαaοoεeιiρpυuνvκkτtχxηnѡw'].flatMap((letter, index, all) =>
    index % 2 === 0 ? [[letter, all[index + 1]!]] : [],
  ),
)

/** A text in small Latin letters, as a reader who doesn't look closely reads it. */
export function skeleton(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{Cf}\p{M}]/gu, '')
    .toLowerCase()
    .replace(/[^\0-\x7f]/gu, (letter) => lookalikes[letter] ?? letter)
    .replace(/\s+/g, ' ')
}
