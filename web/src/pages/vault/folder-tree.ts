import type { Folder } from '../../model/folder.ts'

/** A line of the list of folders. */
export interface FolderRow {
  readonly folder: Folder
  /** Its name below the folder that it is in; its whole name when there is none such. */
  readonly label: string
  /** How many folders it is in. */
  readonly depth: number
}

/**
 * Folders in the order in which they are shown: each below the one whose name, and a slash, its own begins with.
 * `Work/Mail` is in no folder as long as there is no `Work`. `collator`: that of the language of the page.
 */
export function folderRows(folders: readonly Folder[], collator: Intl.Collator): FolderRow[] {
  const sorted = [...folders].sort((one, other) => compareByParts(one.name, other.name, collator))
  const names = new Set(sorted.map(({ name }) => name))
  return sorted.map((folder) => {
    const above = ancestorsOf(folder.name).filter((name) => names.has(name))
    const parent = above.at(-1)
    return {
      folder,
      label: parent === undefined ? folder.name : folder.name.slice(parent.length + 1),
      depth: above.length,
    }
  })
}

/** Of `a/b/c`: `a` and `a/b`. */
function ancestorsOf(name: string): string[] {
  const parts = name.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** Part by part, because `a b` stands before `a/b` otherwise, and so between `a` and what is in it. */
function compareByParts(one: string, other: string, collator: Intl.Collator): number {
  const [parts, others] = [one.split('/'), other.split('/')]
  for (const [index, part] of parts.entries()) {
    const against = others[index]
    if (against === undefined) return 1
    const order = collator.compare(part, against)
    if (order !== 0) return order
  }
  return parts.length - others.length
}

/** For a select: folders in folders are indented. */
export function folderOptions(
  folders: readonly Folder[],
  collator: Intl.Collator,
  nameless: string,
): { readonly value: string | null; readonly label: string }[] {
  return folderRows(folders, collator).map(({ folder, label, depth }) => ({
    value: folder.id,
    // Whatever else is blank is cut off at the beginning of an option.
    label: `${'\u2003'.repeat(depth)}${label || nameless}`,
  }))
}
