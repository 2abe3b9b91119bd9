import type { FaultId } from '../faults.ts'

/** What a mend has to name. */
export interface MendContext {
  /** The path whose requests are concerned. */
  readonly path: string
  /** Where the server is below the domain, such as `/vault`; without a slash at its end. */
  readonly basePath: string
  /** The header in which the server looks for the client's address. */
  readonly header: string
}

export interface MendLines {
  /** Where the lines belong, and in place of what. */
  readonly where: string
  readonly lines: readonly string[]
}

/** What one proxy needs, by what is missing. Faults that no line of its configuration takes away are not there. */
export type MendTable = Partial<Record<FaultId, (context: MendContext) => MendLines>>

/** A line of the answer that names one which has to go: a comment, so that all of it can be pasted. */
export const without = (line: string) => `# without: ${line}`

/** Where the server is by its defaults: operators put their own in its place. */
export const SERVER = '127.0.0.1:8000'
