import { describe, expect, test } from 'vitest'
import {
  allGroups,
  allSoftware,
  allTactics,
  allTechniques,
  attackAttribution,
  attackVersion,
  currentTechniqueId,
  groupById,
  softwareById,
  tacticsOf,
  techniqueById,
} from './catalogue.ts'
import { SUPERSEDED_IDS } from './data/superseded-ids.ts'

describe('the catalogue', () => {
  test('holds the whole enterprise matrix', () => {
    expect([...allTactics()]).toHaveLength(14)
    expect([...allTechniques()]).toHaveLength(691)
    expect([...allGroups()]).toHaveLength(172)
    expect([...allSoftware()]).toHaveLength(784)
  })

  test('names its version and its owner', () => {
    expect(attackVersion).toMatch(/^MITRE ATT&CK Enterprise, v\d+/)
    expect(attackAttribution).toBe(
      '© The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.',
    )
  })

  test('every sub-technique has its parent and every technique a tactic', () => {
    for (const { id, parentId, tactics } of allTechniques()) {
      if (parentId !== null) expect(techniqueById(parentId)?.parentId, id).toBeNull()
      expect(tactics.length, id).toBeGreaterThan(0)
    }
  })

  test('looks entries up by id', () => {
    expect(techniqueById('T1059.001')).toMatchObject({ name: 'PowerShell', parentId: 'T1059' })
    expect(tacticsOf('T1078').map(({ shortname }) => shortname)).toContain('initial-access')
    expect(groupById('G0016')).toMatchObject({ name: 'APT29' })
    expect(softwareById('S0002')).toMatchObject({ name: 'Mimikatz', kind: 'tool' })
    expect(softwareById('S0154')).toMatchObject({ name: 'Cobalt Strike', kind: 'malware' })
  })

  test('unknown ids have no entry', () => {
    expect(techniqueById('T9999')).toBeUndefined()
    expect(tacticsOf('T9999')).toEqual([])
    expect(groupById('G9999')).toBeUndefined()
    expect(softwareById('S9999')).toBeUndefined()
    expect(currentTechniqueId('T9999')).toBeNull()
  })

  test('a retired id leads to a living one', () => {
    const living = new Set([...allTechniques()].map(({ id }) => id))
    for (const [retired, successor] of Object.entries(SUPERSEDED_IDS)) {
      expect(living.has(retired), retired).toBe(false)
      expect(living.has(successor), successor).toBe(true)
      expect(techniqueById(retired)?.id).toBe(successor)
    }
  })
})
