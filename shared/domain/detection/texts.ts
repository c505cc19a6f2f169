/** A text as one line of at most so many characters, without anything that could end the line or hide in it. */
export function asOneLine(text: string, maximum: number): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  return line.length <= maximum ? line : `${line.slice(0, maximum - 1).toWellFormed()}…`
}

/** Whether a value is one line that every reader of text can hold. */
export function isPlainLine(value: string): boolean {
  return value.trim() !== '' && value.isWellFormed() && !/[\p{Cc}\u2028\u2029\ufffe\uffff]/u.test(value)
}

/** Letters, digits and a few signs that mean nothing in any of the languages; the rest becomes spaces. */
export function asHarmless(text: string, maximum: number): string {
  return text
    .replaceAll(/[^A-Za-z0-9 .,_/()[\]+-]+/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
    .slice(0, maximum)
    .trim()
}

/** URLs that can stand in any rule as they are. */
export function harmlessUrls(references: readonly string[]): string[] {
  return [...new Set(references)].filter(
    (url) => url.length <= 500 && /^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?(?:\/[\w.~%/?=&+#-]*)?$/.test(url),
  )
}

/** The page of an ATT&CK technique, e.g. of `T1059.001`. */
export function techniqueUrl(id: string): string {
  return `https://attack.mitre.org/techniques/${id.replace('.', '/')}/`
}

/** Cuts a list into lists of at most so many. */
export function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = []
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size))
  return chunks
}
