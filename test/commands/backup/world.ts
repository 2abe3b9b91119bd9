import { cp, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { after } from 'node:test'
import { type ProgramOptions, RunningProgram, runProgram } from '../../helpers/processes.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { type VaultwardenFolder, vaultwardenFolder } from '../../helpers/vaultwarden-folder.ts'

/** A folder as `vaultwardenFolder` makes one, copied from the one that this process has made. */
export async function vaultFolder(): Promise<VaultwardenFolder> {
  made ??= vaultwardenFolder()
  const { dataFolder, device, content } = await made
  const folder = await temporaryFolder()
  await cp(dataFolder, folder.join('data'), { recursive: true, preserveTimestamps: true })
  const dispose = () => folder[Symbol.asyncDispose]()
  return { folder, dataFolder: folder.join('data'), device, content, [Symbol.asyncDispose]: dispose }
}

let made: Promise<VaultwardenFolder> | undefined
after(async () => (await made)?.[Symbol.asyncDispose]())

export const BELFRY = path.resolve(import.meta.dirname, '../../../bin/belfry')

export type Env = Readonly<Record<string, string | undefined>>
type Changes = Partial<Pick<ProgramOptions, 'input' | 'uid' | 'gid'>>

/** `belfry admin …` to its end, in `cwd`. */
export const admin = (args: readonly string[], cwd: string, env: Env = {}, changes: Changes = {}) =>
  runProgram({ command: BELFRY, args: ['admin', ...args], cwd, env, ...changes }, 60_000)

/** The same, under way. */
export const startAdmin = (args: readonly string[], cwd: string, env: Env = {}) =>
  new RunningProgram({ command: BELFRY, args: ['admin', ...args], cwd, env })

/** Names of all files below, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = []
  for (const name of await readdir(folder, { recursive: true })) {
    if ((await stat(path.join(folder, name))).isFile()) files.push(name)
  }
  return files.sort()
}

/** Below the folders of attachments and Sends, with these. */
export async function uploadsIn(dataFolder: string): Promise<string[]> {
  return (await filesIn(dataFolder)).filter((name) => /^(attachments|sends)\/[^.]/.test(name))
}
