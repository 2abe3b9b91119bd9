import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { ConfigError } from '#kit'
import { MOST_MANIFEST_BYTES } from '../archive/manifest.ts'
import { isKnownName, MANIFEST } from '../archive/names.ts'
import type { Staging } from './staging.ts'

/** As much may come that is no file: headers, names that are long, and what fills up at the end. */
const MOST_OVERHEAD_BYTES = 1024 * 1024

/** Of a tar archive: everything in it begins and ends on one. */
const BLOCK = 512

/** More than any vault has; each costs a file, however small it is. */
const MOST_FILES = 5_000_000

/** A file, or stdin for `-`. Rejects with a ConfigError when it cannot be read. */
export async function openArchive(place: string): Promise<Readable> {
  if (place === '-') {
    if (process.stdin.isTTY) throw new ConfigError('A terminal brings no backup: name a file, or hand it in by a pipe')
    return process.stdin
  }
  try {
    return (await open(place, constants.O_RDONLY)).createReadStream({ highWaterMark: 256 * 1024 })
  } catch (error) {
    throw new ConfigError(`Cannot read "${place}": ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Unpacks a tar archive, in gzip or not, and returns the text of its manifest. Takes plain files of known names alone, and never more
 * memory for what is in it. Rejects with a ConfigError for all else.
 */
export async function unpack(source: Readable, staging: Staging): Promise<string> {
  const archive = extract()
  let expectedBytes = 0
  const bounded = async function* (bytes: AsyncIterable<Uint8Array>) {
    let fed = 0
    for await (const chunk of bytes) {
      fed += chunk.length
      if (fed - expectedBytes > MOST_OVERHEAD_BYTES) throw damaged('it holds too much that is no file')
      yield chunk
    }
  }
  const fed = (await isGzip(source))
    ? pipeline(source, createGunzip(), bounded, archive)
    : pipeline(source, bounded, archive)
  fed.catch(() => undefined)
  let manifest: string | undefined
  let files = 0
  try {
    for await (const entry of archive) {
      const { size = 0, type } = entry.header
      const name = entry.header.name.replace(/^\.\//, '')
      expectedBytes += BLOCK + Math.ceil(size / BLOCK) * BLOCK
      if (type === 'directory' && size === 0) {
        entry.resume()
        continue
      }
      if (type !== 'file') throw damaged(`"${shown(name)}" is no file but a ${type}`)
      if (!isKnownName(name)) throw damaged(`"${shown(name)}" is no name of a file in a backup`)
      if (++files > MOST_FILES) throw damaged('it holds too many files')
      if (name !== MANIFEST) await staging.add(name, size, entry)
      else if (manifest !== undefined) throw damaged('it has two manifests')
      else manifest = await textOf(entry, size)
    }
    await fed
  } catch (error) {
    source.destroy()
    // What was fed to it knows better why it ended than the archive itself.
    const cause = await fed.then(
      () => error,
      (cause: unknown) => cause,
    )
    throw explained(error instanceof ConfigError ? error : cause)
  }
  if (manifest === undefined) throw damaged(`it has no ${MANIFEST}, so it is not whole, or none of Belfry's`)
  return manifest
}

async function textOf(entry: AsyncIterable<Uint8Array>, size: number): Promise<string> {
  if (size > MOST_MANIFEST_BYTES) throw damaged('its manifest is too large')
  const chunks: Uint8Array[] = []
  for await (const chunk of entry) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** By its first bytes, which stay in the stream (RFC 1952 §2.3.1). */
async function isGzip(source: Readable): Promise<boolean> {
  const { promise: readable, resolve, reject } = Promise.withResolvers<void>()
  source.once('readable', resolve).once('end', resolve).once('error', reject)
  try {
    await readable
  } catch (error) {
    throw new ConfigError(`Cannot read the backup: ${(error as Error).message}`, { cause: error })
  }
  const first: Uint8Array | null = source.read()
  if (first === null) throw damaged('it is empty')
  source.unshift(first)
  return first[0] === 0x1f && first[1] === 0x8b
}

const damaged = (why: string) => new ConfigError(`The backup cannot be used: ${why}`)

/** Of tar-stream and zlib. */
function explained(error: unknown): unknown {
  if (error instanceof ConfigError) return error
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (syscall !== undefined || code === 'ENOSPC') return new ConfigError(`Cannot restore: ${message}`, { cause: error })
  return new ConfigError(`The backup cannot be used: ${message}`, { cause: error })
}

/** As a terminal can take it. */
const shown = (name: string) => JSON.stringify(name.slice(0, 200)).slice(1, -1)
