import type { Tlp } from '../tlp.ts'
import type { StixObject } from './types.ts'

/** The extension by which OASIS carries TLP 2.0 in STIX 2.1, whose own section 7.2.1.4 knows TLP 1.0 only. */
const extensionId = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d'

/**
 * The ids that OASIS published (cti-stix-common-objects, tlp-2.0). Consumers know the markings by these ids, so they are
 * facts to be copied, never made.
 */
const ids: Readonly<Record<Tlp, string>> = {
  CLEAR: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  GREEN: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  AMBER: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'AMBER+STRICT': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  RED: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
}

/** The id of a level's marking definition, for `object_marking_refs`. */
export function markingId(tlp: Tlp): string {
  return ids[tlp]
}

/** A level's marking definition, member for member as OASIS published it. */
export function markingDefinition(tlp: Tlp): StixObject {
  return {
    type: 'marking-definition',
    spec_version: '2.1',
    id: ids[tlp],
    created: '2022-10-01T00:00:00.000Z',
    name: `TLP:${tlp}`,
    extensions: { [extensionId]: { extension_type: 'property-extension', tlp_2_0: tlp.toLowerCase() } },
  }
}
