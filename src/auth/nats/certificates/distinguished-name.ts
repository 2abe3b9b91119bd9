import { ATTRIBUTE_NAMES, type Rdns } from '#kit'

/** RFC 4514: the most special part first. Each part is a set of attributes, nearly always of one. */
export type DistinguishedName = readonly RelativeName[]

type RelativeName = readonly Attribute[]

interface Attribute {
  /** In capitals. */
  readonly type: string
  readonly value: string
}

export const DOMAIN_COMPONENT = '0.9.2342.19200300.100.1.25'

/** The names by which nats-server knows attributes here: those of Go, and one more. */
function typeOf(oid: string): string | undefined {
  return oid === DOMAIN_COMPONENT ? 'DC' : ATTRIBUTE_NAMES.get(oid)
}

/** The subject of a certificate; `undefined` when it has attributes that have no name here, or are no text. */
export function distinguishedNameOf(rdns: Rdns): DistinguishedName | undefined {
  const name: Attribute[][] = []
  for (const rdn of rdns.toReversed()) {
    const attributes: Attribute[] = []
    for (const { oid, value } of rdn) {
      const type = typeOf(oid)
      if (type === undefined || value === undefined) return undefined
      attributes.push({ type, value })
    }
    if (attributes.length > 0) name.push(attributes)
  }
  return name
}

/**
 * `text` as a distinguished name; `undefined` when it is none. Blanks around types and values do not count, unless they
 * are escaped. Values in hex (`#04024869`) are not read, as in nats-server.
 */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  const name: Attribute[][] = []
  for (const rdn of splitUnescaped(text, ',')) {
    const attributes: Attribute[] = []
    for (const pair of splitUnescaped(rdn, '+')) {
      const attribute = parseAttribute(pair)
      if (attribute === undefined) return undefined
      attributes.push(attribute)
    }
    name.push(attributes)
  }
  return name
}

function parseAttribute(pair: string): Attribute | undefined {
  const [, type, written] = /^ *([^=\\ ][^=\\]*?) *= *(.*)$/s.exec(pair) ?? []
  if (type === undefined || written === undefined || written.startsWith('#')) return undefined
  const value = unescaped(written)
  return value === undefined ? undefined : { type: type.toUpperCase(), value }
}

/** The parts between separators that no backslash stands before. */
function splitUnescaped(text: string, separator: ',' | '+'): readonly string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === separator) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)]
}

/** RFC 4514 §2.4: behind a backslash stands a special character, or a byte of UTF-8 in hex. Blanks at the end go. */
function unescaped(written: string): string | undefined {
  const pieces: string[] = written.match(/\\[0-9a-fA-F]{2}|\\[ "#+,;<=>\\]|[^\\]|\\/gsu) ?? []
  while (pieces.at(-1) === ' ') pieces.pop()
  if (pieces.includes('\\')) return undefined
  return Buffer.concat(pieces.map(unescapedPiece)).toString()
}

function unescapedPiece(piece: string): Buffer {
  if (!piece.startsWith('\\')) return Buffer.from(piece)
  return piece.length === 3 ? Buffer.from(piece.slice(1), 'hex') : Buffer.from(piece.slice(1))
}

/** Whether both have the same parts, in the same order. */
export function isSameName(a: DistinguishedName, b: DistinguishedName): boolean {
  return a.length === b.length && a.every((part, i) => isSamePart(part, b[i]!))
}

/** Whether both have the same parts, in any order. */
export function hasSameParts(a: DistinguishedName, b: DistinguishedName): boolean {
  if (a.length !== b.length) return false
  const left = [...b]
  return a.every((part) => {
    const at = left.findIndex((other) => isSamePart(part, other))
    if (at !== -1) left.splice(at, 1)
    return at !== -1
  })
}

/** Attributes of one part have no order. */
function isSamePart(a: RelativeName, b: RelativeName): boolean {
  const has = (part: RelativeName, { type, value }: Attribute) =>
    part.some((one) => one.type === type && one.value === value)
  return a.length === b.length && a.every((one) => has(b, one)) && b.every((one) => has(a, one))
}
