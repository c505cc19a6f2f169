const initialBytes = 17 * 8

/**
 * Which objects each document names. A large export has millions of such pairs, so each is kept as 17 bytes (type and
 * UUID) and not as text.
 */
export class ReportContents {
  readonly #types: string[] = []
  readonly #documents = new Map<string, { bytes: Buffer; length: number }>()

  /** Notes that a document names an object. */
  add(documentId: string, objectId: string): void {
    const split = objectId.indexOf('--')
    const list = this.#listOf(documentId)
    if (list.length === list.bytes.length) list.bytes = Buffer.concat([list.bytes], list.bytes.length * 2)
    list.bytes[list.length] = this.#numberOf(objectId.slice(0, split))
    list.bytes.write(objectId.slice(split + 2).replaceAll('-', ''), list.length + 1, 'hex')
    list.length += 17
  }

  /** The ids of the objects that a document names, in the order in which they were noted. */
  *of(documentId: string): Iterable<string> {
    const list = this.#documents.get(documentId)
    if (list === undefined) return
    for (let at = 0; at < list.length; at += 17) {
      const hex = list.bytes.toString('hex', at + 1, at + 17)
      const uuid = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
      yield `${this.#types[list.bytes[at]!]}--${uuid}`
    }
  }

  has(documentId: string): boolean {
    return this.#documents.has(documentId)
  }

  #listOf(documentId: string): { bytes: Buffer; length: number } {
    let list = this.#documents.get(documentId)
    if (list === undefined) {
      list = { bytes: Buffer.alloc(initialBytes), length: 0 }
      this.#documents.set(documentId, list)
    }
    return list
  }

  #numberOf(type: string): number {
    const known = this.#types.indexOf(type)
    return known >= 0 ? known : this.#types.push(type) - 1
  }
}
