/** An event of a stream of server-sent events. */
export interface StreamEvent {
  /** `message` where the stream names none. */
  event: string
  data: string
}

/**
 * Reads server-sent events (HTML standard, section 9.2.6), wherever their bytes are cut. An event that the end of the
 * stream cuts off is not told.
 */
export async function* readEventStream(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  let event = ''
  let data: string[] = []
  for await (const line of readLines(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n') }
      event = ''
      data = []
      continue
    }
    const at = line.indexOf(':')
    const field = at < 0 ? line : line.slice(0, at)
    const value = at < 0 ? '' : line.slice(line[at + 1] === ' ' ? at + 2 : at + 1)
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
  }
}

/** Lines end with CR, LF or both; one that the end of the stream cuts off is left out. */
async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  // A long line comes in many pieces; they are put together once.
  let pieces: string[] = []
  let endedWithReturn = false
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true })
    if (text === '') continue
    if (endedWithReturn && text[0] === '\n') text = text.slice(1)
    endedWithReturn = text === '' ? false : text.endsWith('\r')
    const lines = text.split(/\r\n|\r|\n/)
    for (const line of lines.slice(0, -1)) {
      yield pieces.join('') + line
      pieces = []
    }
    pieces.push(lines.at(-1)!)
  }
}
