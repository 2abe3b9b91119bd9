import { ConfigError } from '#kit'
import { isKnownName, MANIFEST, POSTGRES_DUMP, SQLITE_DATABASE } from './names.ts'

/** What a backup says of itself. Written last: where it stands, the backup is whole. */
export interface Manifest {
  readonly format: typeof FORMAT
  readonly formatVersion: typeof FORMAT_VERSION
  /** The Belfry that made it. */
  readonly belfry: string
  /** The moment that it is of, in ISO 8601. */
  readonly date: string
  readonly engine: 'SQLite' | 'PostgreSQL'
  /** The last of Vaultwarden's migrations, and how many changes of its own Belfry has made. */
  readonly schema: { readonly vaultwarden: string; readonly belfry: number }
  /** The schema of PostgreSQL that everything lay in. */
  readonly postgresSchema?: string
  readonly content: {
    readonly users: number
    readonly items: number
    readonly attachments: number
    readonly sends: number
  }
  readonly files: readonly SavedFile[]
  /** In the archive, but deleted while it was made. */
  readonly leftOut: readonly string[]
  /** Files that the database named and that were not there. */
  readonly missing: readonly string[]
}

export interface SavedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** In hex digits. */
  readonly sha256: string
}

export const FORMAT = 'belfry-backup'
export const FORMAT_VERSION = 1

/** A line of it is some 180 bytes, so this is more than a million files. */
export const MOST_MANIFEST_BYTES = 256 * 1024 * 1024

/** One file in a line: to be looked at, and compared. Throws ConfigError when it would be too large to be read again. */
export function formatManifest({ files, ...manifest }: Manifest): Buffer {
  const head = JSON.stringify(manifest, null, 2).replace(/\n}$/, '')
  const text = Buffer.from(
    `${head},\n  "files": [\n${files.map((file) => `    ${JSON.stringify(file)}`).join(',\n')}\n  ]\n}\n`,
  )
  if (text.length > MOST_MANIFEST_BYTES)
    throw new ConfigError(`There are too many files for one backup: ${files.length}`)
  return text
}

/** Throws ConfigError when it is none, or that of a later Belfry. */
export function parseManifest(text: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw damaged()
  }
  if (!isObject(value) || value.format !== FORMAT) throw damaged()
  if (typeof value.formatVersion !== 'number') throw damaged()
  if (value.formatVersion > FORMAT_VERSION) {
    throw new ConfigError(`The backup is that of a newer Belfry (${String(value.belfry)}): restore it with that one`)
  }
  const { engine, files, leftOut, missing, schema, content } = value
  const isRight =
    (engine === 'SQLite' || engine === 'PostgreSQL') &&
    (engine === 'SQLite' || typeof value.postgresSchema === 'string') &&
    typeof value.date === 'string' &&
    !Number.isNaN(Date.parse(value.date)) &&
    typeof value.belfry === 'string' &&
    isObject(schema) &&
    isObject(content) &&
    Array.isArray(files) &&
    files.every(isSavedFile) &&
    isListOfNames(leftOut) &&
    isListOfNames(missing)
  if (!isRight) throw damaged()
  const manifest = value as unknown as Manifest
  if (!manifest.files.some(({ name }) => name === databaseName(manifest))) throw damaged()
  return manifest
}

export const databaseName = ({ engine }: Pick<Manifest, 'engine'>) =>
  engine === 'SQLite' ? SQLITE_DATABASE : POSTGRES_DUMP

const damaged = () => new ConfigError(`The backup is damaged: its ${MANIFEST} is none of Belfry's`)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isListOfNames = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === 'string')

function isSavedFile(value: unknown): value is SavedFile {
  if (!isObject(value)) return false
  const { name, size, sha256 } = value
  return (
    typeof name === 'string' &&
    isKnownName(name) &&
    name !== MANIFEST &&
    Number.isSafeInteger(size) &&
    Number(size) >= 0 &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  )
}
