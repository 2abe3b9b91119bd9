import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { ConfigError } from '#kit'

/** What is in a file with a key; undefined when there is none. Throws a ConfigError that names the file when it cannot be read. */
export async function readKeyFile(keyFile: string): Promise<string | undefined> {
  try {
    return await readFile(keyFile, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigError(`Cannot read the key file "${keyFile}": ${(cause as Error).message}`, { cause })
  }
}

/** Writes a file that its owner alone can read. Throws a ConfigError that names it when that is not possible. */
export async function writeKeyFile(keyFile: string, pem: string): Promise<void> {
  // Of instances that share a folder each has its own.
  const unfinished = `${keyFile}.${randomUUID()}.tmp`
  try {
    // Renamed into place, so that a crash half-way leaves no broken key behind.
    await writeFile(unfinished, pem, { mode: 0o600, flush: true })
    await rename(unfinished, keyFile)
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw new ConfigError(`Cannot write the key file "${keyFile}": ${(cause as Error).message}`, { cause })
  }
}

/** The key in `pem`, which was read from `keyFile`. Throws a ConfigError that names the file when it is none. */
export function parsePrivateKey(pem: string, keyFile: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    // OpenSSL's own text says nothing an operator can use; it stays in `cause`.
    throw new ConfigError(`Cannot use the key in "${keyFile}": it is not an unencrypted PEM private key`, { cause })
  }
}
