import type { Send } from '#store'
import { displaySize } from '../files/display-size.ts'
import { parseJson } from '../json-text.ts'
import { isObject, type JsonObject, orNull } from '../schema.ts'
import { FILE, TEXT } from './request.ts'

/** What a file Send says of its file. */
export interface SendFile {
  /** 64 hex digits; empty when the row does not say. */
  readonly id: string
  /** An EncString. */
  readonly fileName: string
  /** Bytes as stored. */
  readonly size: number
}

/** `Send.data` of a file. Vaultwarden counts its users' files by `size`, and takes the name with it as it is. */
export function storedFile({ id, fileName, size }: SendFile): string {
  return JSON.stringify({ fileName, id, size, sizeName: displaySize(size) })
}

/** Whatever the row holds: it may be old, with keys in PascalCase and the size as text. */
export function readFile(data: string): SendFile {
  const file = parse(data)
  return {
    id: textIn(file, 'id') ?? '',
    fileName: textIn(file, 'fileName') ?? '',
    size: Number(member(file, 'size')) || 0,
  }
}

/** The part of the answer that the type calls for; the other is null. */
export function dataResponse({ type, data }: Pick<Send, 'type' | 'data'>) {
  return { text: type === TEXT ? textResponse(data) : null, file: type === FILE ? fileResponse(data) : null }
}

function textResponse(data: string) {
  const part = parse(data)
  return { text: textIn(part, 'text'), hidden: member(part, 'hidden') === true }
}

function fileResponse(data: string) {
  const { id, fileName, size } = readFile(data)
  // Mobile apps read the size as a text.
  return { id, fileName, size: String(size), sizeName: displaySize(size) }
}

function parse(data: string): JsonObject {
  const parsed = parseJson(data)
  return isObject(parsed) ? parsed : {}
}

const member = (part: JsonObject, name: string): unknown => part[name] ?? part[name[0]!.toUpperCase() + name.slice(1)]

function textIn(part: JsonObject, name: string): string | null {
  const value = member(part, name)
  return typeof value === 'string' ? orNull(value) : null
}
