import { accessSync, constants, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ResolverOptions } from '#auth'
import {
  booleanIn,
  type ConfigEntry,
  type ConfigMap,
  formatDuration,
  goType,
  InvalidValue,
  integerIn,
  parseDuration,
  readMap,
  stringIn,
} from '../language/index.ts'
import type { ConfigSource, ProgramSource, Surroundings } from '../types/setting-type.ts'
import { deepType } from './deep-type.ts'

type DirectoryOptions = Extract<ResolverOptions, { kind: 'directory' }>

/** What a program may write for it. */
export type GivenResolver =
  | { readonly kind: 'memory' }
  | { readonly kind: 'url'; readonly url: string }
  | (Pick<DirectoryOptions, 'kind' | 'mode' | 'folder'> & Partial<DirectoryOptions>)

const CACHED_JWTS = 1_000
const MAX_TIMER_MS = 2 ** 31 - 1

const DIRECTORY_DEFAULTS = {
  allowsDelete: false,
  deletesHard: false,
  limit: 0,
  ttlMs: 0,
  syncIntervalMs: 60_000,
  fetchTimeoutMs: 1_900,
}

/** `resolver`: where account JWTs come from. */
export const resolver = deepType<ResolverOptions, GivenResolver>({
  description: '`MEMORY`, `URL("…")` or `{ type, dir, … }`',
  fromConfig(value, source) {
    if (value.kind === 'string') return resolverOfText(value.value)
    if (value.kind === 'map') return resolverOfMap(value, source)
    throw new InvalidValue(`error parsing operator resolver, wrong type ${goType(value)}`)
  },
  fromProgram(given, source) {
    switch (given.kind) {
      case 'memory':
        return given
      case 'url':
        return urlResolver(given.url)
      case 'directory':
        return directoryOfProgram(given, source)
      default:
        throw new InvalidValue(`${source.name}.kind must be "memory", "url" or "directory"`)
    }
  },
})

function noResolver(): InvalidValue {
  return new InvalidValue(
    'error parsing account resolver, should be MEM or  URL("url") or a map containing dir and type state=[FULL|CACHE])',
  )
}

function resolverOfText(text: string): ResolverOptions {
  // So loosely nats-server looks at it.
  if (/mem/i.test(text)) return { kind: 'memory' }
  const [whole, url = ''] = /URL(?:\(\s*"?([^\s"]*?)"?\s*\))?/i.exec(text) ?? []
  if (whole === undefined) throw noResolver()
  return urlResolver(url)
}

/** The URL of an account is this one with its key behind it, so it ends with a slash. */
export function urlResolver(text: string): ResolverOptions {
  const url = URL.parse(text.trim())
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // The text is not repeated where it could be a URL with a password.
    const shown = text.includes('@') ? '' : ` [${JSON.stringify(text.trim())}]`
    throw new InvalidValue(`error parsing account resolver url${shown}`)
  }
  return { kind: 'url', url: url.href.replace(/\/?$/, '/'), tls: undefined }
}

function resolverOfMap(map: ConfigMap, source: ConfigSource): ResolverOptions | undefined {
  const { problems, position, surroundings } = source
  const errorsBefore = problems.errors.length
  let [type, dir] = ['', '']
  const given: { -readonly [Name in keyof DirectoryOptions]?: DirectoryOptions[Name] } = {}
  readMap(
    map,
    {
      type: ({ value }) => {
        type = stringIn(value).toUpperCase()
      },
      dir: ({ value }) => {
        dir = stringIn(value)
      },
      allow_delete: ({ value }) => {
        given.allowsDelete = booleanIn(value)
      },
      hard_delete: ({ value }) => {
        given.deletesHard = booleanIn(value)
      },
      limit: ({ value }) => {
        given.limit = Number(integerIn(value))
      },
      ttl: (entry) => {
        given.ttlMs = durationOf(entry, source)
      },
      interval: (entry) => {
        given.syncIntervalMs = durationOf(entry, source)
      },
      timeout: (entry) => {
        given.fetchTimeoutMs = durationOf(entry, source)
      },
    },
    problems,
  )
  if (problems.errors.length > errorsBefore) return undefined
  if (type === 'MEM' || type === 'MEMORY') return { kind: 'memory' }
  if (type !== 'CACHE' && type !== 'FULL') throw noResolver()
  const mode = type === 'CACHE' ? 'cache' : 'full'
  for (const reason of problemsOfDirectory({ ...given, mode, folder: dir }, surroundings)) {
    problems.errorAt(position, reason)
  }
  return directory({ ...given, kind: 'directory', mode, folder: dir }, surroundings)
}

/** Of a wrong one nats-server says that the resolver as a whole is wrong. */
function durationOf({ value }: ConfigEntry, { position }: ConfigSource): number {
  try {
    const ms = parseDuration(stringIn(value))
    if (Math.abs(ms) <= MAX_TIMER_MS) return ms
    throw new InvalidValue(`${formatDuration(ms)} is too long: the longest time is ${formatDuration(MAX_TIMER_MS)}`)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidValue(error.message, position)
  }
}

type GivenDirectory = Pick<DirectoryOptions, 'mode' | 'folder'> & Partial<DirectoryOptions>

function problemsOfDirectory(given: GivenDirectory, surroundings: Surroundings): readonly string[] {
  const { mode, folder, allowsDelete = false, deletesHard, ttlMs = 0, syncIntervalMs = 0, fetchTimeoutMs } = given
  const problems: string[] = []
  if (folder === '') problems.push('dir has no value and needs to point to a directory')
  else if (!isUsableFolder(resolve(surroundings.cwd, folder))) {
    problems.push('dir needs to point to an accessible directory')
  }
  if (mode === 'cache') {
    if (syncIntervalMs !== 0) problems.push('CACHE does not accept sync')
    if (allowsDelete) problems.push('CACHE does not accept allow_delete')
    if (deletesHard !== undefined) problems.push('CACHE does not accept hard_delete')
  } else {
    if (ttlMs !== 0) problems.push('FULL does not accept ttl')
    if (deletesHard !== undefined && !allowsDelete) problems.push('hard_delete has no effect without delete')
  }
  if (fetchTimeoutMs !== undefined && fetchTimeoutMs <= 0) {
    // As nats-server writes it.
    problems.push(`Fetch timeout ${formatDuration(fetchTimeoutMs)} is too smal`)
  }
  return problems
}

/** One that is not there yet is made at the start. */
function isUsableFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return true
  if (!stats.isDirectory()) return false
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function directory(given: GivenDirectory & { kind: 'directory' }, { cwd }: Surroundings): DirectoryOptions {
  const { mode, syncIntervalMs = 0, limit = 0 } = given
  const noLimit = mode === 'cache' ? CACHED_JWTS : 0
  return {
    ...DIRECTORY_DEFAULTS,
    ...given,
    folder: resolve(cwd, given.folder),
    syncIntervalMs: syncIntervalMs > 0 ? syncIntervalMs : DIRECTORY_DEFAULTS.syncIntervalMs,
    limit: limit > 0 ? limit : noLimit,
    ttlMs: Math.max(0, given.ttlMs ?? 0),
  }
}

function directoryOfProgram(
  given: Extract<GivenResolver, { kind: 'directory' }>,
  { name, surroundings }: ProgramSource,
): DirectoryOptions {
  if (typeof given.folder !== 'string') throw new InvalidValue(`${name}.folder must be a path`)
  const [reason] = problemsOfDirectory(given, surroundings)
  if (reason !== undefined) throw new InvalidValue(`${name}: ${reason}`)
  return directory(given, surroundings)
}
