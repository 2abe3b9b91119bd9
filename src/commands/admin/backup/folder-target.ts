import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { FOLDER_MODE, syncPath, writeNewFile } from '../archive/disk.ts'
import { exactly } from './exactly.ts'
import type { Target } from './target.ts'
import { makeWorkFolder, workFolderFor } from './work-folder.ts'

/** A backup that is a folder, as a data folder is one. */
export async function folderTarget(destination: string): Promise<Target> {
  const content = await workFolderFor(destination)
  const beside = await makeWorkFolder(`${destination}.unfinished-`)
  const folders = new Set([content.path])
  const makeFolder = async (folder: string): Promise<void> => {
    if (folders.has(folder)) return
    await makeFolder(path.dirname(folder))
    await mkdir(folder, { mode: FOLDER_MODE })
    folders.add(folder)
  }
  return {
    workFolder: beside.path,
    async add(name, size, bytes) {
      const file = path.join(content.path, name)
      await makeFolder(path.dirname(file))
      await writeNewFile(file, exactly(name, size, bytes))
    },
    async remove(name) {
      await rm(path.join(content.path, name))
      return true
    },
    async finish() {
      for (const folder of folders) await syncPath(folder)
      await content.moveTo(destination, content.path)
      await content.remove()
      await beside.remove()
    },
    async discard() {
      await content.remove()
      await beside.remove()
    },
  }
}
