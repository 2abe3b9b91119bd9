/** A verb with which a line may begin, and what it stands for. */
export interface Operation<Name extends string> {
  readonly name: Name
  /** Whether a blank or tab must follow the verb. */
  readonly takesArguments: boolean
  /** Whether a peer that has yet to log in may say it. */
  readonly mayComeFirst: boolean
  readonly upper: Uint8Array
  readonly lower: Uint8Array
}

export interface OperationTraits {
  readonly takesArguments?: boolean
  readonly mayComeFirst?: boolean
}

/** Bytes of the longest verb that clients or leaf nodes use. */
export const LONGEST_VERB = 'CONNECT'.length

const TAB = 9
const BLANK = 32

/** `verb` is how the operation is spelt, when that is not its name. */
export function operation<Name extends string>(
  name: Name,
  { takesArguments = false, mayComeFirst = false }: OperationTraits = {},
  verb: string = name,
): Operation<Name> {
  return { name, takesArguments, mayComeFirst, upper: Buffer.from(verb), lower: Buffer.from(verb.toLowerCase()) }
}

export function isSeparator(byte: number | undefined): boolean {
  return byte === BLANK || byte === TAB
}

/**
 * Hot: once per operation. The one of `operations` that `bytes` has at `start`; undefined when it is none. They are tried
 * in their order, so those that come often are best in front.
 */
export function operationAt<Name extends string>(
  operations: readonly Operation<Name>[],
  bytes: Buffer,
  start: number,
): Operation<Name> | undefined {
  for (let i = 0; i < operations.length; i++) {
    const candidate = operations[i]!
    const length = candidate.upper.length
    if (spelt(candidate, bytes, start, length) < length) continue
    return candidate.takesArguments && !isSeparator(bytes[start + length]) ? undefined : candidate
  }
  return undefined
}

/** Whether a line that begins with `beginning` may become an operation: nonsense is refused before its line ends. */
export function maybeOperation(operations: readonly Operation<string>[], beginning: Buffer): boolean {
  return operations.some((candidate) => {
    const length = Math.min(candidate.upper.length, beginning.length)
    if (spelt(candidate, beginning, 0, length) < length) return false
    return length === beginning.length || !candidate.takesArguments || isSeparator(beginning[length])
  })
}

/** Whether a line with this first byte may come from a peer that has yet to log in. */
export function mayComeFirst(operations: readonly Operation<string>[], firstByte: number | undefined): boolean {
  return operations.some(
    ({ mayComeFirst, upper, lower }) => mayComeFirst && (upper[0] === firstByte || lower[0] === firstByte),
  )
}

/** How many of the first `length` letters of the verb are there, in upper or lower case. */
function spelt({ upper, lower }: Operation<string>, bytes: Buffer, start: number, length: number): number {
  let i = 0
  while (i < length && (bytes[start + i] === upper[i] || bytes[start + i] === lower[i])) i++
  return i
}
