import { describe, expect, it } from 'vitest'
import { observableId, stixId } from './identifiers.ts'

describe('deterministic ids of observables', () => {
  it('are those of the OASIS reference implementation', () => {
    expect(observableId('ipv4-addr', { value: '198.51.100.3' })).toBe('ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4')
    expect(
      observableId('windows-registry-key', {
        values: [
          { name: 'Foo', data: 'qwerty' },
          { name: 'Bar', data: '42' },
        ],
      }),
    ).toBe('windows-registry-key--36594eba-bcc7-5014-9835-0e154264e588')
    expect(
      observableId('file', {
        name: 'example.exe',
        hashes: { 'SHA-256': '841a8921140aba50671ebb0770fecc4ee308c4952cfeff8de154ab14eeef4649' },
        extensions: {
          'windows-pebinary-ext': {
            pe_type: 'exe',
            machine_hex: '014c',
            sections: [
              {
                name: '.data',
                size: 4096,
                entropy: 7.980693,
                hashes: { 'SHA-256': '6e3b6f3978e5cd96ba7abee35c24e867b7e64072e2ecb22d0ee7a6e6af6894d0' },
              },
            ],
          },
        },
      }),
    ).toBe('file--ced31cd4-bdcb-537d-aefa-92d291bfc11d')
  })
})

describe('ids of domain objects', () => {
  it('are the same for the same row, another for another type, and UUIDs that the OASIS schemas allow', () => {
    const row = '01960d4e-3b7a-7cc1-8f6e-0f4b1e0d9a11'
    expect(stixId('indicator', row)).toBe(stixId('indicator', row))
    expect(stixId('indicator', row).slice(-36)).not.toBe(stixId('malware', row).slice(-36))
    expect(stixId('indicator', row)).toMatch(
      /^indicator--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
  })

  it('never change: importers keep them', () => {
    expect(stixId('indicator', '01960d4e-3b7a-7cc1-8f6e-0f4b1e0d9a11')).toBe(
      'indicator--f25f7295-1869-5263-b1d7-92d79dec8957',
    )
  })
})
