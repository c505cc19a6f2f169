import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '../../../tests/setup/database.ts'
import { createDesk, type Report } from '../../../tests/setup/reports.ts'
import { createTenants } from '../../../tests/setup/tenancy.ts'
import { newId } from '../ids.ts'
import { createRule, type NewRule } from './rules.ts'
import type { RuleKind } from './schemas.ts'
import { hashListIn, serveRules } from './serve-rules.ts'
import { deleteRule, listRules, readRule, setRuleStatus } from './stored-rules.ts'
import { inspectRule } from './validate.ts'
import { writeDocumentRules } from './write-rules.ts'

type Desk = Awaited<ReturnType<typeof createDesk>>

let testDatabase: TestDatabase
let database: ReturnType<TestDatabase['open']>
let desk: Desk
let report: Report
let secret: Report

const newDesk = async () => createDesk(database, (await createTenants(database).organization()).orgId)

beforeAll(async () => {
  testDatabase = await cloneDatabase(inject('clusterUrl'))
  database = testDatabase.open()
  desk = await newDesk()
  report = await desk.report(
    `It calls hxxp://c2.evil-domain[.]top/gate.php and 185.220.101[.]45 (T1071.001).
Its SHA-256 is 44d88612fea8a8f36de82e1278abb02f3c2a1f0e5b8d7c6a9f01e2d3c4b5a697.
It creates the mutex Global\\AnchorUpdater17 and resolves names itself (T1071.004).`,
  )
  secret = await desk.report('Only we know of hxxp://secret.evil-domain[.]top/a here.', { tlp: 'RED' })
})
afterAll(async () => {
  await database.close()
  await testDatabase.drop()
})

const yara = (name: string, text = newId()) => `rule ${name} { strings: $a = "${text}" condition: $a }`

const create = (change: Partial<NewRule> = {}, at: Desk = desk) =>
  at.run((sql) =>
    createRule(sql, {
      id: newId(),
      orgId: at.orgId,
      workspaceId: at.workspaceId,
      kind: 'yara',
      name: null,
      content: yara('Made'),
      techniques: null,
      tlp: 'AMBER',
      status: 'draft',
      evidenceIds: [],
      runId: null,
      createdBy: null,
      ...change,
    }),
  )

const serve = (kind: RuleKind, at: Desk, maximumTlp: 'AMBER' | 'RED' = 'AMBER') =>
  at.run((sql) => serveRules(sql, { workspaceId: at.workspaceId, kind, maximumTlp }))

test('the same rule written twice is one, rests on the evidence of both, and keeps the stricter marking', async () => {
  const content = yara('Same')
  const [first, second] = report.evidence.map(({ id }) => id)
  const once = await create({ content, evidenceIds: [first!] })
  expect(once).toMatchObject({ created: true, rule: { name: 'Same', evidence_ids: [first] } })
  const again = await create({ content, evidenceIds: [first!, second!], tlp: 'RED', name: 'Other' })
  expect(again).toMatchObject({ created: false, rule: { id: once.rule.id, name: 'Same', tlp: 'RED' } })
  expect(again.rule.evidence_ids).toEqual([first, second].sort())
  expect(await create({ content, tlp: 'CLEAR' })).toMatchObject({ rule: { tlp: 'RED' } })
})

test('a rule that is created twice by one id is one, and so are two that are written at once', async () => {
  const id = newId()
  await create({ id })
  expect(await create({ id })).toMatchObject({ created: false, rule: { id } })
  const content = yara('Raced')
  const made = await Promise.all([1, 2, 3, 4].map(() => create({ content })))
  expect(new Set(made.map(({ rule }) => rule.id)).size).toBe(1)
  expect(made.filter(({ created }) => created)).toHaveLength(1)
})

test('the same rule in another organization is another', async () => {
  const other = await newDesk()
  const content = yara('Theirs')
  const [mine, theirs] = [await create({ content }), await create({ content }, other)]
  expect(theirs).toMatchObject({ created: true })
  expect(theirs.rule.id).not.toBe(mine.rule.id)
  await expect(other.run((sql) => readRule(sql, mine.rule.id))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(create({ evidenceIds: [report.evidence[0]!.id] }, other)).rejects.toMatchObject({
    details: [{ field: 'body.evidence_ids' }],
  })
})

test('what is no valid rule is not kept, with each reason and its line', async () => {
  await expect(create({ content: 'rule R {\n condition: $a }' })).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [{ field: 'body.content', message: 'line 2: uses a string that is not there: $a' }],
  })
  await expect(create({ techniques: ['T9999'] })).rejects.toMatchObject({ details: [{ field: 'body.techniques' }] })
})

test('a rule is marked at least as strictly as what it rests on', async () => {
  const evidenceIds = [secret.evidence.find(({ indicator_id }) => indicator_id !== null)!.id]
  await expect(create({ evidenceIds, tlp: 'AMBER+STRICT' })).rejects.toMatchObject({ details: [{ field: 'body.tlp' }] })
  expect(await create({ evidenceIds, tlp: 'RED' })).toMatchObject({ created: true })
})

test('a rule says itself what it detects, unless it is said otherwise', async () => {
  const content = `rule M { meta: mitre_attack = "T1059.001" condition: filesize > ${Date.now()} }`
  const { rule } = await create({ content })
  expect(rule.techniques).toEqual(['T1059.001'])
  const find = async (technique: string) => {
    const filter = { workspaceId: desk.workspaceId, kind: null, status: null, technique }
    return (await desk.run((sql) => listRules(sql, filter, { size: 10, before: null }))).map(({ id }) => id)
  }
  expect(await find('T1059.001')).toContain(rule.id)
  expect(await find('T1059')).not.toContain(rule.id)
})

test('rules about a document hold what it says, name its evidence, and are the same when they are written again', async () => {
  const writeAll = (documentId: string, maximumTlp: 'AMBER' | 'RED' = 'AMBER') =>
    desk.run((sql) =>
      writeDocumentRules(sql, {
        documentId,
        orgId: desk.orgId,
        workspaceId: desk.workspaceId,
        kinds: ['sigma', 'suricata', 'yara'],
        maximumTlp,
        minimumConfidence: 50,
        runId: null,
        createdBy: null,
        now: new Date(),
      }),
    )
  const rules = await writeAll(report.documentId)
  expect(rules.map(({ kind }) => kind)).toEqual(['sigma', 'sigma', 'sigma', 'sigma', 'yara', 'suricata'])
  for (const { kind, content, evidence_ids, tlp, status } of rules) {
    expect(inspectRule(kind, content).problems).toEqual([])
    expect(evidence_ids.length).toBeGreaterThan(0)
    expect(report.evidence.map(({ id }) => id)).toEqual(expect.arrayContaining(evidence_ids))
    expect({ tlp, status }).toEqual({ tlp: 'GREEN', status: 'draft' })
  }
  const texts = rules.map(({ content }) => content).join('\n')
  for (const value of ['c2.evil-domain.top/gate.php', '185.220.101.45', '44d88612fea8a8f3', 'AnchorUpdater17']) {
    expect(texts).toContain(value)
  }
  expect((await writeAll(report.documentId)).map(({ id }) => id)).toEqual(rules.map(({ id }) => id))
  expect(await writeAll(secret.documentId)).toEqual([])
  expect(await writeAll(secret.documentId, 'RED')).not.toEqual([])
})

test('tools are given what is active and may be shared, and nothing else', async () => {
  const here = await newDesk()
  const active = await create({ content: yara('Active'), status: 'active' }, here)
  await create({ content: yara('Draft') }, here)
  await create({ content: yara('Strict'), status: 'active', tlp: 'RED' }, here)
  expect(await serve('yara', here)).toBe(`${active.rule.content}\n`)
  expect(await serve('yara', here, 'RED')).toContain('rule Strict')
  await here.run((sql) => setRuleStatus(sql, active.rule.id, 'retired'))
  expect(await serve('yara', here)).toBe('')
  await here.run((sql) => deleteRule(sql, active.rule.id))
  await expect(here.run((sql) => readRule(sql, active.rule.id))).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('what is served as one file is one that its tool takes', async () => {
  const here = await newDesk()
  const sigma = (title: string) =>
    `---\ntitle: ${title}\nlogsource: { category: dns }\ndetection: { selection: { query: ${newId()} }, condition: selection }\n`
  const suricata = (id: number, more = '') => `alert ip any any -> any any (msg:"${newId()}"; ${more}sid:${id};)`
  for (const content of [sigma('One'), sigma('Two').slice(4)])
    await create({ kind: 'sigma', content, status: 'active' }, here)
  for (const content of [`import "pe"\n${yara('One')}`, yara('One'), `${yara('Two')} // rule One {`])
    await create({ content, status: 'active' }, here)
  for (const content of [`${suricata(1)}\n${suricata(2, '\\\n  rev:1; ')}`, `${suricata(2)}\n# sid:3;\n${suricata(3)}`])
    await create({ kind: 'suricata', content, status: 'active' }, here)

  expect(inspectRule('sigma', await serve('sigma', here))).toMatchObject({ problems: [], names: ['One', 'Two'] })
  expect(inspectRule('yara', await serve('yara', here))).toMatchObject({ problems: [], names: ['One', 'Two'] })
  const traffic = inspectRule('suricata', await serve('suricata', here))
  expect(traffic.problems).toEqual([])
  expect(traffic.names).toHaveLength(3)
})

test('the hashes that rules name as a file are given as that file', () => {
  const content = '# list adapt-1.md5\n# hash aa\n# hash bb\nalert …\n# list adapt-2.md5\n# hash cc\n'
  expect(hashListIn(content, 'adapt-1.md5')).toBe('aa\nbb\n')
  expect(hashListIn(content, 'adapt-2.md5')).toBe('cc\n')
  expect(hashListIn(content, 'adapt-3.md5')).toBeNull()
})
