import { textOrNull } from '../api/json.ts'
import { createFolder, deleteFolder, putFolder } from '../api/vault.ts'
import { encodeFolder } from '../model/folder.ts'
import { isNotThere, type Surroundings } from './surroundings.ts'
import { NEW } from './writes.ts'

/** Creates a folder that has no id, and gives one that has another name. Resolves with its id. */
export async function saveFolder(
  { api, holdings, writes, owner }: Surroundings,
  { id, name }: { readonly id: string | null; readonly name: string },
): Promise<string> {
  const { name: encrypted } = await encodeFolder(name, owner().userKey)
  return writes.run([id ?? NEW.folder], async () => {
    const askedAt = holdings.folder.mark()
    const wire = await (id === null ? createFolder(api, encrypted) : putFolder(api, id, encrypted))
    await holdings.folder.put([wire], askedAt)
    return String(wire.id)
  })
}

/** What is in it is in no folder then. */
export async function removeFolder({ api, holdings, writes }: Surroundings, id: string): Promise<void> {
  await writes.run([id], async () => {
    await deleteFolder(api, id).catch((error: unknown) => {
      // Another device was faster.
      if (!isNotThere(error)) throw error
    })
    holdings.folder.remove(id)
    await emptyFolder(holdings, id)
  })
}

/** The server does so when a folder goes, and leaves the dates of the items as they are. */
export async function emptyFolder({ item }: Surroundings['holdings'], folderId: string): Promise<void> {
  const inside = [...item.wires].filter((wire) => wire.folderId === folderId)
  await item.amend(
    inside.flatMap(({ id }) => textOrNull(id) ?? []),
    { folderId: null },
  )
}
