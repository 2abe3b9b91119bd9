import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'

/** A service of a compose file, as far as `docker/` has need of it. */
export interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[]
  /** `source:target`, and `:ro` perhaps. A source that begins with `.` is a file beside the compose file. */
  readonly volumes?: readonly string[]
  /** `folder`, and `:options` perhaps. */
  readonly tmpfs?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: HealthCheck
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address?: string }>>
  readonly extra_hosts?: readonly string[]
  readonly ports?: readonly string[]
  readonly stop_signal?: NodeJS.Signals
  /** A duration, as all that follow. */
  readonly stop_grace_period?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly init?: boolean
}

export interface HealthCheck {
  /** `CMD`, and the command. */
  readonly test: readonly string[]
  readonly interval: string
  readonly timeout: string
  readonly start_period: string
  readonly start_interval: string
}

export interface ComposeFile {
  readonly name: string
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks?: Readonly<Record<string, unknown>>
  readonly volumes?: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>
}

/** Reads a compose file as `docker compose` does: with its merge keys, and the variables that stand in it. */
export async function readCompose(file: string, variables: Readonly<Record<string, string>>): Promise<ComposeFile> {
  const text = await readFile(file, 'utf8')
  return filledIn(parse(text, { merge: true }), variables) as ComposeFile
}

/** What `docker compose -f base -f over` makes of two files: settings take each other's place, lists grow. */
export function mergeCompose(base: ComposeFile, over: ComposeFile): ComposeFile {
  const merge = (first: unknown, second: unknown): unknown => {
    if (second === undefined) return first
    if (Array.isArray(first) && Array.isArray(second)) return [...first, ...second]
    if (!isRecord(first) || !isRecord(second)) return second
    const names = new Set([...Object.keys(first), ...Object.keys(second)])
    return Object.fromEntries([...names].map((name) => [name, merge(first[name], second[name])]))
  }
  return merge(base, over) as ComposeFile
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `.env`: a variable a line. */
export async function readEnvFile(file: string): Promise<Record<string, string>> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)))
}

/** Milliseconds of what compose writes as `1m30s`. */
export function durationMs(text: string): number {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h)/g)]
  if (parts.map(([part]) => part).join('') !== text) throw new Error(`"${text}" is no duration`)
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0)
}

function filledIn(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, mark?: string, rest = '') => {
      const found = variables[name]
      if (found) return found
      if (mark === '-') return rest
      throw new Error(`${name} is not set${rest && `: ${rest}`}`)
    })
  }
  if (Array.isArray(value)) return value.map((item) => filledIn(item, variables))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledIn(item, variables)]))
}
