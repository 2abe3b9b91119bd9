import { join, resolve } from 'node:path'

/** Where the control socket is to be: an absolute path; `undefined` where there is to be none. */
export function controlSocketPath(
  given: string | false | undefined,
  { cwd, dataFolder }: { readonly cwd: string; readonly dataFolder: string },
): string | undefined {
  if (given === false) return undefined
  return given === undefined ? join(dataFolder, 'control.sock') : resolve(cwd, given)
}
