/** What a client may say. */
export type OperationName = 'PUB' | 'HPUB' | 'PING' | 'PONG' | 'SUB' | 'UNSUB' | 'CONNECT' | '+OK' | '-ERR' | 'INFO'

export interface Operation {
  readonly name: OperationName
  /** Whether a blank or tab must follow the verb. */
  readonly takesArguments: boolean
  readonly upper: Uint8Array
  readonly lower: Uint8Array
}

/** The hot ones first: they are tried in this order. */
const OPERATIONS: readonly Operation[] = [
  operation('PUB', true),
  operation('HPUB', true),
  operation('PING', false),
  operation('PONG', false),
  operation('SUB', true),
  operation('UNSUB', true),
  // nats-server takes the JSON also right behind the verb.
  operation('CONNECT', false),
  operation('+OK', false),
  operation('-ERR', true),
  operation('INFO', true),
]

export const LONGEST_VERB = 'CONNECT'.length

const TAB = 9
const BLANK = 32

export function isSeparator(byte: number | undefined): boolean {
  return byte === BLANK || byte === TAB
}

/** Hot: once per operation. The operation that `bytes` has at `start`; undefined when it is none a client may use. */
export function operationAt(bytes: Buffer, start: number): Operation | undefined {
  for (let i = 0; i < OPERATIONS.length; i++) {
    const candidate = OPERATIONS[i]!
    const length = candidate.upper.length
    if (spelt(candidate, bytes, start, length) < length) continue
    return candidate.takesArguments && !isSeparator(bytes[start + length]) ? undefined : candidate
  }
  return undefined
}

/** Whether a line that begins with `beginning` may become an operation: nonsense is refused before its line ends. */
export function maybeOperation(beginning: Buffer): boolean {
  return OPERATIONS.some((candidate) => {
    const length = Math.min(candidate.upper.length, beginning.length)
    if (spelt(candidate, beginning, 0, length) < length) return false
    return length === beginning.length || !candidate.takesArguments || isSeparator(beginning[length])
  })
}

/** How many of the first `length` letters of the verb are there, in upper or lower case. */
function spelt({ upper, lower }: Operation, bytes: Buffer, start: number, length: number): number {
  let i = 0
  while (i < length && (bytes[start + i] === upper[i] || bytes[start + i] === lower[i])) i++
  return i
}

function operation(name: OperationName, takesArguments: boolean): Operation {
  return { name, takesArguments, upper: Buffer.from(name), lower: Buffer.from(name.toLowerCase()) }
}
