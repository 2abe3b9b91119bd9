import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#kit'
import { imageType } from './image-type.ts'

/** Most that may lie in the folder; when it is more, what was written longest ago goes until this part is left. */
const MAX_BYTES = 512 * 1024 * 1024
const LEFT_AFTER_SWEEP = 0.8

/** What a file takes on a disk at the least. Bytes. */
const BLOCK = 4096

/** Larger files are none of ours. */
const MAX_ICON_BYTES = 5 * 1024 * 1024

export interface IconCacheOptions {
  readonly folder: string
  readonly clock: Clock
  /** How long an icon counts; 0: for good. */
  readonly iconSeconds: number
  /** How long it counts that a site has none; 0: for good. */
  readonly missSeconds: number
  /** Default: 512 MiB. */
  readonly maxBytes?: number
}

export interface CachedIcon {
  /** Undefined: the site has none, as far as is known. Possibly of long ago, when nothing newer was found. */
  readonly icon: Buffer | undefined
  /** Whether there is no need to look again. */
  readonly isFresh: boolean
}

/**
 * Icons on the disk, as Vaultwarden lays them: `<host>.png` whatever the type, `<host>.png.miss` for "has none", their
 * age by the date of the file. Hosts are those of `iconHost`, and so safe names.
 */
export class IconCache {
  readonly #options: IconCacheOptions
  /** Bytes of the folder, but for what other instances have written there; undefined until something is written. */
  #bytes: number | undefined
  #sweeping: Promise<void> | undefined

  constructor(options: IconCacheOptions) {
    this.#options = options
  }

  async read(host: string): Promise<CachedIcon> {
    const { iconSeconds, missSeconds } = this.#options
    const file = this.#file(host)
    const [found, missed] = await Promise.all([statOf(file), statOf(missOf(file))])
    const isMissed = missed !== undefined && this.#isYoung(missed, missSeconds)
    if (found === undefined || found.size > MAX_ICON_BYTES) return { icon: undefined, isFresh: isMissed }
    const icon = await readFile(file).catch(() => undefined)
    // Vaultwarden keeps SVG as well, which is not for us.
    if (icon === undefined || imageType(icon) === undefined) return { icon: undefined, isFresh: isMissed }
    return { icon, isFresh: isMissed || this.#isYoung(found, iconSeconds) }
  }

  /** Rejects when the disk does not take it. */
  async save(host: string, icon: Buffer): Promise<void> {
    const file = this.#file(host)
    await this.#write(file, icon)
    await rm(missOf(file), { force: true })
  }

  /** As `save`, that none was found. An icon that was found earlier stays. */
  async saveMiss(host: string): Promise<void> {
    await this.#write(missOf(this.#file(host)), Buffer.alloc(0))
  }

  #file = (host: string) => path.join(this.#options.folder, `${host}.png`)

  #isYoung = ({ mtimeMs }: Stats, seconds: number) =>
    seconds === 0 || this.#options.clock.now() - mtimeMs < seconds * 1000

  /** Whole or not at all. */
  async #write(file: string, bytes: Buffer): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true })
    const temporary = path.join(this.#options.folder, `${randomUUID()}.part`)
    try {
      await writeFile(temporary, bytes)
      const at = new Date(this.#options.clock.now())
      await utimes(temporary, at, at)
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    const { maxBytes = MAX_BYTES } = this.#options
    if (this.#bytes !== undefined) this.#bytes += sizeOnDisk(bytes.length)
    if (this.#bytes === undefined || this.#bytes > maxBytes) {
      this.#sweeping ??= this.#sweep(maxBytes).finally(() => {
        this.#sweeping = undefined
      })
      await this.#sweeping
    }
  }

  /** Counts what is there, and removes the oldest when it is too much. */
  async #sweep(maxBytes: number): Promise<void> {
    const { folder } = this.#options
    const files: { file: string; bytes: number; mtimeMs: number }[] = []
    for (const name of await readdir(folder)) {
      const file = path.join(folder, name)
      const stats = await statOf(file)
      if (stats?.isFile()) files.push({ file, bytes: sizeOnDisk(stats.size), mtimeMs: stats.mtimeMs })
    }
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    if (bytes > maxBytes) {
      for (const oldest of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
        if (bytes <= maxBytes * LEFT_AFTER_SWEEP) break
        await rm(oldest.file, { force: true })
        bytes -= oldest.bytes
      }
    }
    this.#bytes = bytes
  }
}

const missOf = (file: string) => `${file}.miss`

const sizeOnDisk = (bytes: number) => Math.max(BLOCK, bytes)

async function statOf(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch {
    return undefined
  }
}
