import { type ExpectedFile, FileFolder, type InspectedContent, type Place, type StoredFile } from '#store'
import type { Manifest } from '../archive/manifest.ts'
import { UPLOADS, type UploadFolder } from '../archive/names.ts'
import type { Places } from '../archive/places.ts'
import type { Recorder } from './recorder.ts'

interface Upload extends Place {
  readonly folder: UploadFolder
}

const nameOf = ({ folder, owner, id }: Upload) => `${folder}/${owner}/${id}`

/** Files that are open at once, so that whoever deletes one does not take it from us. */
export const MOST_OPEN = 256

/** The files of attachments and Sends. */
export class Uploads {
  readonly #folders: Readonly<Record<UploadFolder, FileFolder>>
  readonly #recorder: Recorder
  /** By name: those that are in the backup already. */
  readonly #copied = new Map<string, Upload>()
  /** Named by a snapshot and not there: deleted since, or missing for good if a later snapshot names them still. */
  readonly #gone = new Set<string>()
  #named: ReadonlySet<string> = new Set()

  constructor({ uploads }: Places, recorder: Recorder) {
    this.#recorder = recorder
    this.#folders = {
      attachments: new FileFolder(uploads.attachments, { idLength: UPLOADS.attachments }),
      sends: new FileFolder(uploads.sends, { idLength: UPLOADS.sends }),
    }
  }

  notYetIn(content: InspectedContent): Upload[] {
    const list = (folder: UploadFolder, files: readonly ExpectedFile[]) =>
      files.map(({ owner, id }) => ({ folder, owner, id })).filter((upload) => !this.#copied.has(nameOf(upload)))
    return [...list('attachments', content.attachments), ...list('sends', content.sendFiles)]
  }

  /** If it is there. */
  async copy(upload: Upload): Promise<void> {
    const file = await this.#open(upload)
    if (file !== undefined) await this.#add(upload, file)
  }

  /**
   * Copies what is named and not copied yet; false when that was not possible for all, so that another snapshot has to be held. While
   * it is held this one names what it names: what is not there was not there before the snapshot, or was deleted after it.
   */
  async complete(content: InspectedContent): Promise<boolean> {
    const awaited = this.notYetIn(content)
    const open: { upload: Upload; file: StoredFile }[] = []
    let isComplete = awaited.length - this.#gone.size <= MOST_OPEN
    try {
      for (const upload of awaited.slice(0, MOST_OPEN + this.#gone.size)) {
        const file = await this.#open(upload)
        if (file !== undefined) open.push({ upload, file })
        else if (!this.#gone.has(nameOf(upload))) {
          // A row goes before its file does. So if the next snapshot names it all the same, it is not one that was deleted.
          this.#gone.add(nameOf(upload))
          isComplete = false
        }
      }
      while (open.length > 0) {
        const { upload, file } = open[0]!
        await this.#add(upload, file)
        open.shift()
      }
    } finally {
      for (const { file } of open) file.stream.destroy()
    }
    if (isComplete)
      this.#named = new Set([
        ...content.attachments.map(asName('attachments')),
        ...content.sendFiles.map(asName('sends')),
      ])
    return isComplete
  }

  /** What of the copied ones does not belong, and which of the named ones there are none of. After `complete`. */
  async settle(): Promise<Pick<Manifest, 'leftOut' | 'missing'>> {
    const leftOut: string[] = []
    for (const name of this.#copied.keys()) {
      if (!this.#named.has(name) && !(await this.#recorder.remove(name))) leftOut.push(name)
    }
    return { leftOut, missing: [...this.#named].filter((name) => !this.#copied.has(name)) }
  }

  async #open({ folder, ...place }: Upload): Promise<StoredFile | undefined> {
    return this.#folders[folder].read(place)
  }

  async #add(upload: Upload, { size, stream }: StoredFile): Promise<void> {
    await this.#recorder.add(nameOf(upload), size, stream)
    this.#copied.set(nameOf(upload), upload)
  }
}

const asName = (folder: UploadFolder) => (file: ExpectedFile) => nameOf({ folder, ...file })
