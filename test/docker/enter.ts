/** Runs programs where a folder is all that they see, as in a container. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { type ProgramOptions, type RunningProgram, runProgram, startProgram } from '../helpers/processes.ts'

const isRoot = process.getuid?.() === 0

/** What makes a namespace in which we may mount, where that is allowed; in many containers it is not. */
const NAMESPACE = ['unshare', '--mount', ...(isRoot ? [] : ['--map-root-user'])]
const canMount = spawnSync(NAMESPACE[0]!, [...NAMESPACE.slice(1), 'true']).status === 0

/**
 * `$1` is the root, `$2` who it is: the file system cannot be written to but for `/data`. What the engine gives every
 * container comes from this machine.
 */
const READ_ONLY = `
  mkdir -p "$1/proc" "$1/dev"
  mount --bind "$1" "$1"
  mount --bind "$1/data" "$1/data"
  mount --rbind /proc "$1/proc"
  mount --rbind /dev "$1/dev"
  mount -o remount,bind,ro "$1"`

export interface Container {
  /** The folder that is `/`. */
  readonly root: string
  /** `uid:gid`. Who is not root here can only be one user, whatever this says. */
  readonly user: string
  readonly environment: Readonly<Record<string, string>>
}

/** Whether a container can be another user than we are. */
export const canBeAnother = isRoot

/**
 * Starts a program of the folder. As root it cannot write outside `/data` for want of permission if namespaces are not
 * allowed, and as nobody else without them it cannot start.
 */
export function startInside(container: Container, command: readonly string[], ready?: RegExp): Promise<RunningProgram> {
  return startProgram({ ...launch(container, command), ...(ready && { ready }) })
}

/** Runs a program of the folder to its end, as `docker exec` does. */
export function runInside(container: Container, command: readonly string[]): ReturnType<typeof runProgram> {
  return runProgram(launch(container, command))
}

function launch({ root, user, environment }: Container, command: readonly string[]): ProgramOptions {
  const changeRoot = isRoot ? `exec chroot --userspec="$2" "$1"` : 'exec chroot "$1"'
  const script = `set -e; ${canMount ? READ_ONLY : ''}
    root=$1; user=$2; shift 2; ${changeRoot.replace('$1', '$root').replace('$2', '$user')} "$@"`
  const args = ['-c', script, 'sh', path.resolve(root), user, ...command]
  const [first = 'sh', ...rest] = canMount ? [...NAMESPACE, 'sh', ...args] : ['sh', ...args]
  // Nothing of our environment, except what finds chroot, which is where Docker finds programs, too.
  const nothing = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))
  const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return { command: first, args: rest, env: { ...nothing, PATH, ...environment }, cwd: '/' }
}
