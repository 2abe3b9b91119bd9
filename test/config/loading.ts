import assert from 'node:assert/strict'
import { loadOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'

/** Loads `conf` as the file belfry.conf of a folder of its own. */
export function load(conf: string | undefined, env: Record<string, string> = {}, overrides: Overrides = {}) {
  using folder = new Folder(conf === undefined ? {} : { 'belfry.conf': conf })
  return loadOptions({ configFile: conf === undefined ? undefined : 'belfry.conf', env, cwd: folder.path, overrides })
}

export function errorsOf(
  conf: string | undefined,
  env: Record<string, string> = {},
  overrides: Overrides = {},
): string[] {
  try {
    load(conf, env, overrides)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n')
  }
  return []
}

/** Where something listens. */
export function pick({ host, port }: { host: string; port: number }) {
  return { host, port }
}
