/** The names of files in a backup, which are those of a data folder: with `/` between folders. */

export const MANIFEST = 'manifest.json'
export const SQLITE_DATABASE = 'db.sqlite3'
/** An archive of `pg_dump` in its custom format. */
export const POSTGRES_DUMP = 'database.pgdump'

/** What the key of sessions is called, with all forms that Vaultwarden has had of it. */
export const KEY_SUFFIXES = ['.pem', '.pub.pem', '.der', '.pub.der'] as const

export const SINGLE_FILES = [
  ...KEY_SUFFIXES.map((suffix) => `rsa_key${suffix}`),
  'vapid_key.pem',
  'config.json',
] as const

/** Folders of few files, which are taken as they are. */
export const SMALL_FOLDERS = ['tls', 'templates'] as const

/** Those of uploads, with how many hex digits a file's id has. */
export const UPLOADS = { attachments: 20, sends: 64 } as const
export type UploadFolder = keyof typeof UPLOADS

const MOST_DEPTH = 8
const LONGEST_NAME_BYTES = 255

const UPLOAD = /^(attachments|sends)\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/([0-9a-f]+)$/

/** Whether a backup may hold a file of that name. No such name leads out of a folder. */
export function isKnownName(name: string): boolean {
  const [first = '', ...rest] = name.split('/')
  if (rest.length === 0) return TOP.has(name)
  if (isOneOf(SMALL_FOLDERS, first)) return rest.length <= MOST_DEPTH && rest.every(isPlainName)
  const [, folder, id] = UPLOAD.exec(name) ?? []
  return folder !== undefined && id?.length === UPLOADS[folder as UploadFolder]
}

const TOP: ReadonlySet<string> = new Set([MANIFEST, SQLITE_DATABASE, POSTGRES_DUMP, ...SINGLE_FILES])

export const isOneOf = <T extends string>(names: readonly T[], name: string): name is T =>
  (names as readonly string[]).includes(name)

/** The name of one file or folder, which is no way to another. */
function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..') return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is kept out.
  return !/[\0-\x1f\x7f/\\]/.test(name) && Buffer.byteLength(name) <= LONGEST_NAME_BYTES
}
