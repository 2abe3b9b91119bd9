import path from 'node:path'
import { admin, type Env } from './world.ts'

const PRELOAD = path.join(import.meta.dirname, 'kill-preload.js')

/** `belfry admin …`, killed just before its `call`th change of a file or folder, if it comes to that. */
export function killAtCall(args: readonly string[], { cwd, env, call }: { cwd: string; env: Env; call: number }) {
  return admin(args, cwd, { ...env, KILL_AT: String(call), NODE_OPTIONS: `--import=${PRELOAD}` })
}
