/** One page of a paged format; offsets are UTF-16 code units into the document's text, end exclusive. */
export interface PageSpan {
  /** 1-based page number as printed by the format. */
  number: number
  start: number
  end: number
}

/** The plain text of a document. `pages` is empty for formats without pages (HTML, DOCX, TXT, MD). */
export interface DocumentText {
  text: string
  pages: PageSpan[]
  /** The title that the format itself declares, or null. */
  title: string | null
}

/** The indicator types of SPEC section 4, by their stored names. */
export type IndicatorType =
  | 'ipv4'
  | 'ipv6'
  | 'ipv4-cidr'
  | 'ipv6-cidr'
  | 'ipv4-port'
  | 'ipv6-port'
  | 'domain'
  | 'url'
  | 'email'
  | 'md5'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'ssdeep'
  | 'tlsh'
  | 'imphash'
  | 'ja3'
  | 'file-path'
  | 'registry-key'
  | 'mutex'
  | 'user-agent'
  | 'asn'
  | 'mac'
  | 'cve'
  | 'bitcoin'
  | 'ethereum'
  | 'monero'
  | 'onion'
  | 'i2p'
  | 'x509-serial'
  | 'yara-rule'

/** Why a found value is probably not malicious, and the warning list that says so. */
export interface Suppression {
  /** One English sentence fragment for the analyst, e.g. "private address range (RFC 1918)". */
  reason: string
  /** Stable id of the warning list, e.g. "private-address". */
  list: string
}

/** One occurrence of an indicator in a text. */
export interface IndicatorMention {
  type: IndicatorType
  /** Canonical form: refanged, lower-cased where case carries no meaning, punycode decoded to ASCII labels, etc. */
  value: string
  start: number
  end: number
  /** 1-based page, or null for formats without pages. */
  page: number | null
  /** Whether the text had it defanged (hxxp, [.], …). */
  defanged: boolean
  suppressed: Suppression | null
}

/** One occurrence of an ATT&CK technique. `how`: by id, by its catalogue name, or by a phrase that describes it. */
export interface TechniqueMention {
  id: string
  name: string
  start: number
  end: number
  page: number | null
  how: 'id' | 'name' | 'phrase'
}

/** One occurrence of a named actor (G…), software (S…) or vulnerability (CVE-…). */
export interface NamedMention {
  /** ATT&CK id, or the CVE id for a vulnerability. */
  id: string
  /** Catalogue name. */
  name: string
  start: number
  end: number
  page: number | null
  how: 'id' | 'name' | 'alias'
}

/** Everything the engine found in one document, each list in order of `start`. */
export interface Extraction {
  indicators: IndicatorMention[]
  techniques: TechniqueMention[]
  actors: NamedMention[]
  software: NamedMention[]
  vulnerabilities: NamedMention[]
}
