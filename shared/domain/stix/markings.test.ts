import { expect, it } from 'vitest'
import { tlpLevels } from '../tlp.ts'
import { markingDefinition, markingId } from './markings.ts'

it('every level has the id under which OASIS published it', () => {
  expect(tlpLevels.map(markingId)).toEqual([
    'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
    'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
    'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
    'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
    'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
  ])
})

it('a marking definition has the published members and no others', () => {
  expect(markingDefinition('AMBER+STRICT')).toEqual({
    type: 'marking-definition',
    spec_version: '2.1',
    id: 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
    created: '2022-10-01T00:00:00.000Z',
    name: 'TLP:AMBER+STRICT',
    extensions: {
      'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d': {
        extension_type: 'property-extension',
        tlp_2_0: 'amber+strict',
      },
    },
  })
})
