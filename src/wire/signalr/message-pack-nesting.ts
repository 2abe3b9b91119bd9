import { MAX_DEPTH, nestedTooDeep } from './bounds.ts'

/** What stands behind a first byte: a length of so many bytes, then so many bytes, or items for each one of the length. */
interface Form {
  readonly lengthBytes: number
  readonly bytes: number
  readonly itemsPerLength: number
}

const plain = (bytes: number): Form => ({ lengthBytes: 0, bytes, itemsPerLength: 0 })
const sized = (lengthBytes: number, bytes = 0): Form => ({ lengthBytes, bytes, itemsPerLength: 0 })
const list = (lengthBytes: number): Form => ({ lengthBytes, bytes: 0, itemsPerLength: 1 })
const map = (lengthBytes: number): Form => ({ lengthBytes, bytes: 0, itemsPerLength: 2 })

/** From 0xc0 to 0xdf, as in MessagePack's specification, "Formats". */
const FORMS: readonly Form[] = [
  ...[0, 0, 0, 0].map(plain),
  ...[1, 2, 4].map((lengthBytes) => sized(lengthBytes)),
  ...[1, 2, 4].map((lengthBytes) => sized(lengthBytes, 1)),
  ...[4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17].map(plain),
  ...[1, 2, 4].map((lengthBytes) => sized(lengthBytes)),
  ...[2, 4].map(list),
  ...[2, 4].map(map),
]

/**
 * Throws a `SignalrError` when lists and maps in a body are within each other more than `MAX_DEPTH` deep. It is for before
 * decoding: a decoder makes room for each list as soon as it knows its length, so that ten thousand of them, each at the
 * beginning of the last, cost hundreds of times the bytes that they are sent in. Whatever else is wrong is not looked at.
 */
export function checkNesting(body: Buffer): void {
  /** Of each list that is open: how many items are still to come. */
  const open: number[] = []
  let at = 0
  while (at < body.length) {
    const first = body[at++]!
    let items = 0
    if (first >= 0x80 && first < 0x90) items = 2 * (first & 0x0f)
    else if (first >= 0x90 && first < 0xa0) items = first & 0x0f
    else if (first >= 0xa0 && first < 0xc0) at += first & 0x1f
    else if (first >= 0xc0 && first < 0xe0) {
      const { lengthBytes, bytes, itemsPerLength } = FORMS[first - 0xc0]!
      if (lengthBytes > body.length - at) return
      const length = lengthBytes === 0 ? 0 : body.readUIntBE(at, lengthBytes)
      items = length * itemsPerLength
      at += lengthBytes + bytes + (itemsPerLength === 0 ? length : 0)
    }
    if (items > 0) {
      if (open.push(items) > MAX_DEPTH) throw nestedTooDeep()
      continue
    }
    // An item is complete, and with the last one the list that it is in, which is an item as well.
    while (open.length > 0 && --open[open.length - 1]! === 0) open.pop()
  }
}
