import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { ConfigError } from '#kit'
import { type Environment, InvalidValue, readTextFile } from './language/index.ts'
import type { Variables } from './variables.ts'

/**
 * The environment with what the file `.env` of the working directory adds to it, or the file that `ENV_FILE` names.
 * @throws ConfigError when `ENV_FILE` names a file that cannot be read.
 */
export function withEnvFile(environment: Environment, cwd: string): Environment {
  const named = environment.ENV_FILE || undefined
  const file = named ?? '.env'
  try {
    const text = readTextFile(resolve(cwd, file), file)
    checkEnvFile(text, file)
    return { ...parseEnv(text), ...environment }
  } catch (error) {
    const isAbsent = error instanceof ConfigError && (error.cause as NodeJS.ErrnoException)?.code === 'ENOENT'
    if (isAbsent && named === undefined) return environment
    throw new ConfigError(`${named === undefined ? '' : 'ENV_FILE: '}${(error as Error).message}`, { cause: error })
  }
}

/**
 * Node passes over what it cannot read, and a setting that closes a server would then be open. Only the place is named:
 * the line may hold a secret.
 */
function checkEnvFile(text: string, file: string): void {
  let openQuote: string | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (openQuote !== undefined) {
      if (line.includes(openQuote)) openQuote = undefined
      continue
    }
    if (/^\s*(?:#|$)/.test(line)) continue
    const [, quote, rest] = /^\s*(?:export\s+)?[\w.-]+\s*=\s*(["'`])?(.*)$/.exec(line) ?? []
    if (rest === undefined) throw new ConfigError(`${file}:${index + 1}: this line is no NAME=value`)
    if (quote !== undefined && !rest.includes(quote)) openQuote = quote
  }
  if (openQuote !== undefined) throw new ConfigError(`${file}: a value that begins with ${openQuote} does not end`)
}

/** The environment by Vaultwarden's rules. (`spec/vault.md` §6.1) */
export class EnvironmentVariables implements Variables {
  readonly isStrict = false
  readonly #environment: Environment
  readonly #cwd: string

  constructor(environment: Environment, cwd: string) {
    this.#environment = environment
    this.#cwd = cwd
  }

  /** The text of the variable, or of the file that `<variable>_FILE` names. */
  textOf(variable: string): string | undefined {
    const text = this.#environment[variable]
    const file = this.#environment[`${variable}_FILE`] ?? ''
    if (file === '') return text
    if (text) throw new InvalidValue(`You should not define both ${variable} and ${variable}_FILE`)
    try {
      return readTextFile(resolve(this.#cwd, file), file).trim()
    } catch (error) {
      throw new ConfigError(`${variable}_FILE: ${(error as Error).message}`, { cause: error })
    }
  }

  keyOf(variable: string): string {
    return variable
  }

  nameOf(variable: string): string {
    return variable
  }
}
