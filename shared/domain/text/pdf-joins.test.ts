import { describe, expect, test } from 'vitest'
import { joinLines } from './pdf-joins.ts'

const SOFT = { soft: true, full: false }
const FULL = { soft: true, full: true }
const HARD = { soft: false, full: false }

/** The lines as they come out when each break is of the given kind. */
function join(lines: string[], lineBreak = SOFT, known: string[] = []): string {
  let text = lines[0]!
  for (let at = 1; at < lines.length; ) {
    const joint = joinLines(text, lines.slice(at), lineBreak, (word) => known.includes(word))
    text = text.slice(0, text.length - joint.drop) + joint.separator + lines.slice(at, at + joint.lines).join('')
    at += joint.lines
  }
  return text
}

const hex = (length: number) =>
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'.repeat(2).slice(0, length)

function cut(text: string, width: number): string[] {
  return Array.from({ length: Math.ceil(text.length / width) }, (_, i) => text.slice(i * width, (i + 1) * width))
}

describe('prose', () => {
  test('a line that was full goes on after a space, one that was not ends', () => {
    expect(join(['the malware copies', 'itself to disk'])).toBe('the malware copies itself to disk')
    expect(join(['First item', 'Second item'], HARD)).toBe('First item\nSecond item')
  })

  test('single words one below the other stay a list', () => {
    expect(join(['evil.example', 'bad.example'])).toBe('evil.example\nbad.example')
  })

  test('a hyphen of the line break goes, one of the word stays', () => {
    expect(join(['the infra-', 'structure of'], SOFT, ['infrastructure'])).toBe('the infrastructure of')
    expect(join(['the infra-', 'structure of'])).toBe('the infrastructure of')
    expect(join(['a well-', 'known actor'], SOFT, ['well', 'known'])).toBe('a well-known actor')
    expect(join(['an internet-', 'facing host'], SOFT, ['internet'])).toBe('an internet-facing host')
    expect(join(['in\u00ad', 'dicator'])).toBe('indicator')
    expect(join(['an OP-', 'TIONAL field'], SOFT, ['optional'])).toBe('an OPTIONAL field')
  })

  test('a hyphen beside capitals, digits or dots stays', () => {
    expect(join(['a 12-', 'character name'])).toBe('a 12-character name')
    expect(join(['Health Multi-', 'State Center'])).toBe('Health Multi-State Center')
    expect(join(['seen on evil-', 'host.example today'], SOFT, ['evil'])).toBe('seen on evil-host.example today')
  })
})

test('an identifier cut behind an underscore is whole again', () => {
  expect(join(['the tool anchor_', 'dns was'])).toBe('the tool anchor_dns was')
})

describe('addresses', () => {
  test.each([
    [['see https://h-', 'isac.org/join/'], 'see https://h-isac.org/join/'],
    [['hxxps://evil[.]example/a/', 'b-c.php?x=1 is'], 'hxxps://evil[.]example/a/b-c.php?x=1 is'],
    [['at www.evil.example/a_', 'b.html.'], 'at www.evil.example/a_b.html.'],
    [['from evil[.]', 'example to'], 'from evil[.]example to'],
    [['from evil', '[.]example to'], 'from evil[.]example to'],
    [['write to user', '[@]evil.example'], 'write to user[@]evil.example'],
  ])('%j becomes whole again', (lines, text) => {
    expect(join(lines)).toBe(text)
  })

  test('a URL cut in the middle of a word goes on only where the line was full to the last character', () => {
    const lines = ['https://evil.example/path/abcdefgh', 'ijkl/mnop.html']
    expect(join(lines, FULL)).toBe('https://evil.example/path/abcdefghijkl/mnop.html')
    expect(join(lines)).toBe('https://evil.example/path/abcdefgh\nijkl/mnop.html')
  })

  test.each([
    [['see https://a.example/x/', 'https://b.example/y/'], '\n'],
    [['see https://a.example/x/', 'for more words'], ' '],
    [['see https://a.example/x', '192.0.2.1 was used'], ' '],
    [['(https://a.example/x-)', '1.2.3.4 was used'], ' '],
  ])('%j are two things', (lines, separator) => {
    expect(join(lines)).toContain(separator === ' ' ? `${lines[0]} ${lines[1]}` : lines[0])
    expect(join(lines)).not.toContain(`${lines[0]}${lines[1]!.slice(0, 3)}`)
  })
})

describe('paths', () => {
  test('a registry key or path goes on where the next line begins with a backslash', () => {
    expect(join(['under HKLM\\Software\\Microsoft', '\\Windows\\Run to'], HARD)).toBe(
      'under HKLM\\Software\\Microsoft\\Windows\\Run to',
    )
    expect(join(['C:\\Users\\Public\\', 'a\\b.exe'])).toBe('C:\\Users\\Public\\a\\b.exe')
  })

  test('paths one below the other stay a list', () => {
    expect(join(['C:\\Windows\\', 'C:\\Windows\\SysWOW64\\'])).toBe('C:\\Windows\\\nC:\\Windows\\SysWOW64\\')
    expect(join(['\\Microsoft\\One', '\\Microsoft\\Two'])).toBe('\\Microsoft\\One\n\\Microsoft\\Two')
  })
})

describe('hashes', () => {
  test.each([
    [32, 20],
    [32, 16],
    [40, 20],
    [40, 32],
    [64, 20],
    [64, 40],
    [64, 60],
    [128, 50],
    [128, 100],
  ])('a digest of %i digits cut every %i is whole again', (length, width) => {
    expect(join(cut(hex(length), width), HARD)).toBe(hex(length))
  })

  test('a digest in quotes behind a label, with words after it, is whole again', () => {
    expect(join([`SHA-256: "${hex(64).slice(0, 30)}`, `${hex(64).slice(30)}" (loader)`], HARD)).toBe(
      `SHA-256: "${hex(64)}" (loader)`,
    )
  })

  test.each([
    [32, 20],
    [40, 32],
    [64, 40],
    [64, 60],
  ])('a list of digests of %i digits, each cut every %i, stays a list of whole digests', (length, width) => {
    const lines = [0, 1, 2].flatMap(() => cut(hex(length), width))
    expect(join(lines, HARD)).toBe([hex(length), hex(length), hex(length)].join('\n'))
  })

  test.each([32, 40, 64])('whole digests of %i digits one below the other are never put together', (length) => {
    expect(join([hex(length), hex(length), hex(length), hex(length)])).toBe(Array(4).fill(hex(length)).join('\n'))
  })

  test('hexadecimal words that make no digest stay apart', () => {
    expect(join(['deadbeef', 'cafebabe'], HARD)).toBe('deadbeef\ncafebabe')
  })
})
