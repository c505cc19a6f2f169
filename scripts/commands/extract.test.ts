import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeDocx, paragraph } from '../../tests/fixtures/docx.ts'
import { makeLinesPdf } from '../../tests/fixtures/pdf.ts'
import { readInput } from '../input-files.ts'

const ADAPT = fileURLToPath(new URL('../adapt.ts', import.meta.url))
const SENTENCE = 'The loader asked 185.90.61.69 and kostunivo[.]com for orders (T1059.001).'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'extract-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function start(args: string[]) {
  return spawn(process.execPath, [ADAPT, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
}

async function adapt(args: string[], input?: Uint8Array | string) {
  const child = start(args)
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  return { stdout, stderr, exitCode: await exit }
}

async function extractJson(args: string[], input?: Uint8Array | string) {
  const { stdout, stderr, exitCode } = await adapt(['extract', '--json', ...args], input)
  const lines = stdout.split('\n')
  expect(lines.pop()).toBe('')
  return { reports: lines.map((line) => JSON.parse(line)), stderr, exitCode }
}

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

test('one JSON line says what was found, with the fields of the contract and nothing else on the output', async () => {
  const file = await write('one.txt', SENTENCE)
  const { reports, stderr, exitCode } = await extractJson([file])
  expect({ exitCode, stderr, lines: reports.length }).toEqual({ exitCode: 0, stderr: '', lines: 1 })
  const [report] = reports
  expect(Object.keys(report).slice(0, 8)).toEqual([
    'file',
    'bytes',
    'indicators',
    'techniques',
    'actors',
    'software',
    'vulnerabilities',
    'durationMs',
  ])
  expect(report).toMatchObject({ file, bytes: SENTENCE.length, durationMs: expect.any(Number) })
  const domain = report.indicators.find(({ type }: { type: string }) => type === 'domain')
  const start = SENTENCE.indexOf('kostunivo')
  expect(domain).toEqual({
    type: 'domain',
    value: 'kostunivo.com',
    start,
    end: start + 'kostunivo[.]com'.length,
    page: null,
    defanged: true,
    suppressed: null,
  })
  expect(report.techniques).toContainEqual(expect.objectContaining({ id: 'T1059.001', name: 'PowerShell', how: 'id' }))
})

test('a suppressed indicator is kept with its reason and list', async () => {
  const file = await write('private.txt', 'The victim had the address 192.168.1.20.')
  const [report] = (await extractJson([file])).reports
  expect(report.indicators).toContainEqual(
    expect.objectContaining({
      value: '192.168.1.20',
      suppressed: { reason: expect.any(String), list: expect.any(String) },
    }),
  )
})

test('the same sentence gives the same values from text, HTML, PDF and DOCX, and every offset resolves', async () => {
  const files = [
    await write('same.txt', SENTENCE),
    await write('same.html', `<!doctype html><p>${SENTENCE}</p>`),
    await write('same.pdf', makeLinesPdf([['cover'], [SENTENCE]])),
    await write('same.docx', makeDocx({ body: paragraph(SENTENCE) })),
  ]
  const { reports } = await extractJson([...files, '--text'])
  expect(reports.map(({ format }) => format)).toEqual(['text', 'html', 'pdf', 'docx'])
  for (const report of reports) {
    const values = report.indicators.map(({ value }: { value: string }) => value)
    expect(values).toEqual(['185.90.61.69', 'kostunivo.com'])
    const [address, domain] = report.indicators
    expect(report.text.slice(address.start, address.end)).toBe('185.90.61.69')
    expect(report.text.slice(domain.start, domain.end)).toBe('kostunivo[.]com')
    expect(address.page).toBe(report.format === 'pdf' ? 2 : null)
  }
})

test('standard input is read by "-" and its format told by content', async () => {
  const { reports, exitCode } = await extractJson(['-'], makeLinesPdf([[SENTENCE]]))
  expect(exitCode).toBe(0)
  expect(reports).toEqual([expect.objectContaining({ file: '-', format: 'pdf', pages: 1 })])
})

test('a directory is read to its depths in order of names, hidden files left out, links followed once', async () => {
  const root = join(folder, 'tree')
  await mkdir(join(root, 'b', 'c'), { recursive: true })
  for (const name of ['z.txt', 'a.txt', 'b/2.txt', 'b/c/1.txt', '.hidden.txt'])
    await writeFile(join(root, name), 'report')
  await symlink(root, join(root, 'b', 'loop'))
  const { reports, exitCode } = await extractJson([root])
  expect(reports.map(({ file }) => file.slice(root.length + 1))).toEqual(['a.txt', 'b/2.txt', 'b/c/1.txt', 'z.txt'])
  expect(exitCode).toBe(0)
})

test('a file that can’t be read has its error on its line, the others go on, and the exit code is 1', async () => {
  const root = join(folder, 'mixed')
  await mkdir(root)
  await writeFile(join(root, '1.txt'), SENTENCE)
  await writeFile(join(root, '2.txt'), '')
  await writeFile(join(root, '3.docx'), makeDocx({ body: paragraph('x') }).subarray(0, 300))
  await writeFile(join(root, '4.txt'), SENTENCE)
  await symlink(join(root, 'nothing'), join(root, '5.txt'))
  const { reports, exitCode } = await extractJson([root, join(folder, 'absent.txt')])
  expect(exitCode).toBe(1)
  expect(reports.map(({ error }) => error?.code ?? null)).toEqual([
    null,
    'FILE_EMPTY',
    'BROKEN_DOCUMENT',
    null,
    'FILE_NOT_FOUND',
    'FILE_NOT_FOUND',
  ])
  expect(Object.keys(reports[1])).toEqual(['file', 'bytes', 'error', 'durationMs'])
})

test('a file without permission is told apart from one that is missing', async () => {
  const file = await write('locked.txt', SENTENCE)
  await chmod(folder, 0o711)
  await chmod(file, 0)
  // Root may read everything: for this one test it is somebody else.
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    await expect(readInput(file, 1000)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(readInput(`${file}.missing`, 1000)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

test('without --json people get counts, values by type, and what was held back and why', async () => {
  const file = await write('people.txt', `${SENTENCE} The victim had 192.168.1.20.`)
  const { stdout, exitCode } = await adapt(['extract', file])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/Indicators \(2\)/)
  expect(stdout).toMatch(/domain \(1\)\n\s+kostunivo\.com {2}\(at \d+\)/)
  expect(stdout).toMatch(/T1059\.001\s+PowerShell/)
  expect(stdout).toMatch(/Held back as likely false positives \(1\)\n.*\n\s+ipv4 192\.168\.1\.20/)
})

test('what a report says can’t move the terminal’s cursor', async () => {
  const file = await write('escape.html', '<title>A\u001b[2Jtitle\u202e</title><p>text</p>')
  const { stdout } = await adapt(['extract', file])
  expect(stdout).toContain('title')
  expect(stdout).not.toMatch(/\u001b|\u202e/)
})

test('a reader that has enough ends the command quietly', async () => {
  const root = join(folder, 'many')
  await mkdir(root)
  for (let i = 0; i < 300; i++) await writeFile(join(root, `${i}.txt`), SENTENCE.repeat(20))
  const child = start(['extract', '--json', root])
  const exit = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
  child.stdout.once('data', () => child.stdout.destroy())
  expect(await textOf(child.stderr)).toBe('')
  expect(await exit).toEqual({ code: 0, signal: null })
})

test('the command ends by itself as soon as it is done', async () => {
  const begin = performance.now()
  await extractJson([await write('quick.txt', SENTENCE)])
  expect(performance.now() - begin).toBeLessThan(15_000)
})

test.each([
  [['extract'], 'Usage: npm run adapt -- extract'],
  [['extract', '--wrong', 'a.txt'], 'Usage: npm run adapt -- extract'],
  [[], 'Usage: npm run adapt -- COMMAND'],
  [['nonsense'], 'There is no command "nonsense"'],
  [['../adapt'], 'There is no command'],
])('wrong arguments %j exit with 2 and say what is right', async (args, message) => {
  const { stdout, stderr, exitCode } = await adapt(args)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toContain(message)
})

test('the list of commands has each with its summary, and --help tells a command’s arguments', async () => {
  expect((await adapt([])).stderr).toMatch(/ {2}extract {2,}Extract intelligence from files/)
  const help = await adapt(['extract', '--help'])
  expect(help.exitCode).toBe(0)
  expect(help.stdout).toContain('--json')
})
