import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ServerAddresses } from '#server'

export interface BelfryProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly addresses: ServerAddresses
}

/** Starts `belfry.ts`, or a script in its place, in a process of its own. Options of this Node go to that one too. */
export async function startBelfry(
  script = new URL('belfry.ts', import.meta.url),
  args: readonly string[] = [],
): Promise<BelfryProcess> {
  const child = fork(script, args)
  const exited = once(child, 'exit')
  const [{ addresses }] = await Promise.race([
    once(child, 'message'),
    exited.then(([code, signal]) => Promise.reject(new Error(`Belfry did not start (${signal ?? code})`))),
  ])
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  return { child, addresses, [Symbol.asyncDispose]: stop }
}
