import type { Item } from '../../model/item.ts'

export type ImportFormat =
  | 'bitwarden-json'
  | 'bitwarden-csv'
  | 'chrome'
  | 'firefox'
  | 'safari'
  | 'keepassxc'
  | '1password'
  /** A table whose columns have names that are usual. */
  | 'other-csv'

/** What a file has in it, and what of that is not understood. */
export interface Import {
  readonly format: ImportFormat
  readonly folders: readonly ImportedFolder[]
  readonly items: readonly ImportedItem[]
  /** What will not be as it was in the file. Nothing else is lost. */
  readonly remarks: readonly Remark[]
}

export interface ImportedFolder {
  /** That of the account which it came from, if the file says it. */
  readonly id: string | null
  readonly name: string
}

export interface ImportedItem {
  /** Without id and folder. Its passkeys are encrypted, with its own key or the user's. */
  readonly item: Item
  /** Its place in the list of folders. */
  readonly folder: number | null
}

export interface Remark {
  /** Null: it is about the whole file. */
  readonly where: Place | null
  readonly what: RemarkKind
  /** Names of columns or members. */
  readonly names: readonly string[]
}

/** `line` of a table or `place` in a list, both from 1. */
export type Place = { readonly line: number } | { readonly place: number; readonly name: string }

export type RemarkKind =
  /** Columns that nothing is made of. */
  | 'columns'
  /** A row with more cells than there are columns: it is not imported. */
  | 'cells'
  /** An item of a type that is not known: it is not imported. */
  | 'type'
  /** Something that is no item or folder at all. */
  | 'no-object'
  /** An item that cannot be decrypted: it is not imported. */
  | 'damaged'
  /** Members of an item that are left out. */
  | 'members'
  /** An item that was in the trash, and will not be. */
  | 'trash'
  /** An item whose folder is not in the file. */
  | 'folder'
  /** A folder whose name cannot be decrypted. */
  | 'folder-name'
  /** An item of several collections: it goes into a folder with the name of the first. */
  | 'collections'

export type ImportErrorKind =
  | 'empty'
  | 'too-large'
  /** Neither JSON of Bitwarden nor a table with passwords. */
  | 'unknown-format'
  /** It begins like JSON, and is none. */
  | 'not-json'
  /** It breaks the rules of CSV in `line`. */
  | 'not-csv'
  | 'password-needed'
  | 'wrong-password'
  /** It was exported for another account, or before this one's key was changed. */
  | 'other-account'
  /** It asks for a key derivation that would take for ever, or is not known. */
  | 'key-derivation'
  /** Its password is right, and what it protects is damaged. */
  | 'damaged'

/** A file of which nothing can be imported. */
export class ImportError extends Error {
  override name = 'ImportError'
  readonly kind: ImportErrorKind
  /** From 1. */
  readonly line: number | undefined

  constructor(kind: ImportErrorKind, { line, cause }: { readonly line?: number; readonly cause?: unknown } = {}) {
    super(`The file cannot be imported: ${kind}`, { cause })
    this.kind = kind
    this.line = line
  }
}
