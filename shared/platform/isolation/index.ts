import { Worker } from 'node:worker_threads'
import { DocumentError } from '#shared/domain/text/errors.ts'
import type { ReadDocument, ReadOptions } from '#shared/domain/text/read-document.ts'
import type { ReadReply, ReadRequest } from './protocol.ts'

/** What one document may cost before its worker is stopped. */
export interface IsolationLimits {
  /** Wall-clock time, 60 by default. */
  timeoutSeconds?: number
  /** JavaScript heap and buffers together, 768 by default. */
  memoryMegabytes?: number
  /** Stops the worker; the promise is rejected with the signal's reason. */
  signal?: AbortSignal | undefined
}

interface DocumentWorker {
  thread: Worker
  memoryMegabytes: number
  documents: number
}

const DEFAULT_TIMEOUT_SECONDS = 60
const DEFAULT_MEMORY_MEGABYTES = 768
const MEMORY_CHECK_MILLISECONDS = 200
const IDLE_SECONDS = 30
// A worker is replaced after so many documents, in case a library keeps something of each.
const DOCUMENTS_A_WORKER = 200
const MEBIBYTE = 1024 * 1024

// The bundle holds the worker's own bundle beside it; from source, Node runs the TypeScript file.
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? './document-worker.ts' : './document-worker.js',
  import.meta.url,
)

let idle: { worker: DocumentWorker; retirement: NodeJS.Timeout } | undefined

/**
 * Reads a document in a thread of its own, so that a hostile file can neither block nor crash this process. One idle
 * thread is kept for the next document and ends by itself; it never keeps the process alive.
 *
 * @param bytes the whole file; its buffer is transferred, so `bytes` is empty afterwards
 * @throws DocumentError with the reader's code, or DOCUMENT_TIMEOUT, or DOCUMENT_TOO_COMPLEX when it needs too much memory
 */
export async function readInWorker(
  bytes: Uint8Array,
  options: ReadOptions = {},
  limits: IsolationLimits = {},
): Promise<ReadDocument> {
  limits.signal?.throwIfAborted()
  const worker = takeWorker(limits.memoryMegabytes ?? DEFAULT_MEMORY_MEGABYTES)
  let reply: ReadReply
  try {
    reply = await ask(worker, transferable({ bytes, options }), limits)
  } catch (error) {
    await worker.thread.terminate()
    throw error
  }
  await giveBack(worker)
  if ('document' in reply) return reply.document
  const { code, message, cause } = reply.error
  throw new DocumentError(code, message, cause === null ? {} : { cause })
}

/** Ends the idle thread, if there is one (for an orderly shutdown; it would end by itself). */
export async function closeIdleWorker(): Promise<void> {
  const ending = idle
  idle = undefined
  if (!ending) return
  clearTimeout(ending.retirement)
  await ending.worker.thread.terminate()
}

function takeWorker(memoryMegabytes: number): DocumentWorker {
  if (idle?.worker.memoryMegabytes === memoryMegabytes) {
    const { worker, retirement } = idle
    idle = undefined
    clearTimeout(retirement)
    silence(worker.thread)
    worker.thread.ref()
    return worker
  }
  const thread = new Worker(WORKER_URL, {
    resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
    // Neither the process's secrets nor its flags. Its output is taken from it and left unread: reading would keep
    // this process alive.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  return { thread, memoryMegabytes, documents: 0 }
}

async function giveBack(worker: DocumentWorker): Promise<void> {
  worker.documents++
  if (idle || worker.documents >= DOCUMENTS_A_WORKER) {
    await worker.thread.terminate()
    return
  }
  const retirement = setTimeout(() => void closeIdleWorker(), IDLE_SECONDS * 1000)
  retirement.unref()
  worker.thread.unref()
  // An idle thread that fails or ends is simply not there for the next document.
  const forget = () => {
    if (idle?.worker === worker) idle = undefined
    clearTimeout(retirement)
  }
  worker.thread.on('error', forget).on('exit', forget)
  idle = { worker, retirement }
}

function ask(worker: DocumentWorker, request: ReadRequest, limits: IsolationLimits): Promise<ReadReply> {
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, signal } = limits
  const { thread, memoryMegabytes } = worker
  return new Promise<ReadReply>((resolve, reject) => {
    const settled = new AbortController()
    const end = (act: () => void) => {
      settled.abort()
      clearTimeout(timeout)
      clearInterval(memoryCheck)
      silence(thread)
      act()
    }
    const fail = (error: unknown) => end(() => reject(error))
    const timeout = setTimeout(() => {
      fail(new DocumentError('DOCUMENT_TIMEOUT', `The document could not be read within ${timeoutSeconds} seconds.`))
    }, timeoutSeconds * 1000)
    const memoryCheck = setInterval(async () => {
      const usedMegabytes = await memoryOf(thread)
      if (usedMegabytes > memoryMegabytes && !settled.signal.aborted) fail(tooComplex(memoryMegabytes))
    }, MEMORY_CHECK_MILLISECONDS)
    signal?.addEventListener('abort', () => fail(signal.reason), { signal: settled.signal })
    thread.on('message', (reply: ReadReply) => end(() => resolve(reply)))
    thread.on('error', (error: NodeJS.ErrnoException) => {
      fail(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooComplex(memoryMegabytes, error) : stopped(error))
    })
    thread.on('exit', () => fail(stopped()))
    thread.postMessage(request, [request.bytes.buffer as ArrayBuffer])
  })
}

/** Takes our listeners off; a thread has some of its own for other events, without which it hears no message again. */
function silence(thread: Worker): void {
  for (const event of ['message', 'error', 'exit']) thread.removeAllListeners(event)
}

/** A thread's limits cover the JavaScript heap only; what streams unpack to lies in buffers, outside of it. */
async function memoryOf(thread: Worker): Promise<number> {
  try {
    const { used_heap_size: heap, external_memory: buffers } = await thread.getHeapStatistics()
    return (heap + buffers) / MEBIBYTE
  } catch {
    return 0
  }
}

/** The bytes in a buffer of their own: part of a larger one can't be transferred. */
function transferable(request: ReadRequest): ReadRequest {
  const { bytes } = request
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
  return { ...request, bytes: whole ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes) }
}

function tooComplex(memoryMegabytes: number, cause?: unknown): DocumentError {
  const message = `The document needs more than ${memoryMegabytes} MB of memory to be read.`
  return new DocumentError('DOCUMENT_TOO_COMPLEX', message, { cause })
}

function stopped(cause?: unknown): DocumentError {
  return new DocumentError('BROKEN_DOCUMENT', 'The document stopped its reader.', { cause })
}
