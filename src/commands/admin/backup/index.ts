import path from 'node:path'
import { Command } from 'commander'
import { loadOptions, type Options } from '#config'
import { ConfigError } from '#kit'
import packageJson from '../../../../package.json' with { type: 'json' }
import { refuseUnfinishedRestore } from '../../../services/vault/unfinished-restore.ts'
import type { Manifest } from '../archive/manifest.ts'
import { placesOf } from '../archive/places.ts'
import { counted } from '../check-data/report.ts'
import { folderTarget } from './folder-target.ts'
import { saveVault } from './save.ts'
import { stdoutTarget, tarFileTarget } from './tar-target.ts'
import type { Target } from './target.ts'

/** The vault is saved, but lacked files that its database names. */
const VAULT_LACKS_FILES = 3

/** As many of them are named. */
const MOST_NAMED = 20

/**
 * `belfry admin backup`: everything that is kept, as it was at one moment, while a server goes on with it or not. Exit code 0: saved;
 * 1: not saved, and nothing is left of the attempt; 3: saved, but the vault lacks files.
 */
export function backupCommand(): Command {
  return new Command('backup')
    .description('save everything that is kept, of Belfry or Vaultwarden, also while the server runs')
    .argument(
      '[destination]',
      'a folder that is not there yet, or NAME.tar.gz or NAME.tar; - for stdout; else belfry-backup-<date>-<time>.tar.gz',
    )
    .option('-c, --config <file>', 'settings in the NATS config language')
    .action(async (destination: string | undefined, { config }: { config?: string }) => {
      // What is saved is for its owner only.
      process.umask(0o077)
      const { options } = loadOptions({ configFile: config, env: process.env, cwd: process.cwd() })
      // It would be half of one time and half of another.
      refuseUnfinishedRestore(options.vault.dataFolder)
      const place = destination ?? `belfry-backup-${stamp(new Date())}.tar.gz`
      // From before there is anything of it on disk.
      const target = targetAt(place)
      const stop = endOnSignals(target)
      let manifest: Manifest
      try {
        manifest = await saveTo(await target, options)
      } finally {
        stop()
      }
      // What is piped on is no place for words.
      ;(place === '-' ? process.stderr : process.stdout).write(summary(manifest, place))
      if (manifest.missing.length > 0) process.stderr.write(complaint(manifest))
      if (manifest.missing.length > 0) process.exitCode = VAULT_LACKS_FILES
    })
}

async function saveTo(target: Target, options: Options): Promise<Manifest> {
  const { database } = options.vault
  try {
    const manifest = await saveVault({ database, places: placesOf(options), target, version: packageJson.version })
    await target.finish()
    return manifest
  } catch (error) {
    await target.discard()
    throw explained(error)
  }
}

async function targetAt(place: string): Promise<Target> {
  if (place === '-') {
    if (process.stdout.isTTY)
      throw new ConfigError('A terminal is no place for a backup: name a file, or hand it on by a pipe')
    return stdoutTarget()
  }
  const destination = path.resolve(place)
  return /\.(?:tar|tar\.gz|tgz)$/.test(destination) ? tarFileTarget(destination) : folderTarget(destination)
}

/** Clears up; the process ends as such signals end one. Returns what takes that back. */
function endOnSignals(target: Promise<Target>): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const end = (signal: NodeJS.Signals) => {
    for (const each of signals) process.off(each, end)
    // Not waited for when it hangs.
    setTimeout(() => process.exit(1), 2000).unref()
    const discarded = target.then((made) => made.discard()).catch(() => undefined)
    void discarded.then(() => process.kill(process.pid, signal))
  }
  for (const signal of signals) process.on(signal, end)
  return () => {
    for (const signal of signals) process.off(signal, end)
  }
}

function summary({ content, files }: Manifest, place: string): string {
  const { users, items, attachments, sends } = content
  const counts = [
    counted(users, 'user'),
    counted(items, 'item'),
    counted(attachments, 'attachment'),
    counted(sends, 'Send'),
  ]
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const size = `${counted(files.length, 'file')}, ${counted(bytes, 'byte')}`
  return `Saved ${counts.join(', ')} (${size}) to ${place === '-' ? 'stdout' : place}\n`
}

function complaint({ missing }: Manifest): string {
  const more = missing.length - MOST_NAMED
  return [
    `belfry: the vault itself lacks ${counted(missing.length, 'file')} that its database names:`,
    ...missing.slice(0, MOST_NAMED).map((name) => `- ${name}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
  ].join('\n')
}

/** An error of the system, a full disk above all, as a line. */
function explained(error: unknown): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException
  return syscall === undefined ? error : new ConfigError(`Cannot save the vault: ${message}`, { cause: error })
}

/** `20261122-093000`, in the time zone of the machine. */
export function stamp(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}
